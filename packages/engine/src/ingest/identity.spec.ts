import { auditEvent, falcoEvent, type FalcoEventOptions } from '@falco-talon/testkit';
import { parseJson } from '@falco-talon/core';
import { describe, expect, it } from 'vitest';
import { deduplicationKey, orderingKey } from './identity.ts';

const pod = { 'k8s.ns.name': 'shop', 'k8s.pod.name': 'cart' };
const base: FalcoEventOptions = { fields: pod };
const key = (options: FalcoEventOptions) => deduplicationKey(falcoEvent({ ...base, ...options }));

describe('deduplicationKey', () => {
  it.each<[string, FalcoEventOptions]>([
    ['the id and the time of receipt', { id: 'other', receivedAt: 5 }],
    ['the time', { time: '1999-01-01T00:00:00Z' }],
    ['the tags', { tags: ['other'] }],
    ['the priority', { priority: 'Critical' }],
    ['fields, when there is a text', { fields: { ...pod, 'proc.name': 'other' } }],
    ['unknown keys', { extra: { x: 1 } }],
  ])('does not look at %s', (_, options) => expect(key(options)).toBe(key({})));

  it.each<[string, FalcoEventOptions]>([
    ['rule', { rule: 'Other' }],
    ['source', { source: 'k8s_audit' }],
    ['host', { hostname: 'node-2' }],
    ['text', { output: 'Something else' }],
    ['pod', { fields: { ...pod, 'k8s.pod.name': 'cart-2' } }],
    ['namespace', { fields: { ...pod, 'k8s.ns.name': 'stage' } }],
    ['target: none', { fields: {} }],
  ])('another %s is another event', (_, options) => expect(key(options)).not.toBe(key({})));

  it('tells audit targets apart', () => {
    const target = (resource: string, name: string, namespace?: string) =>
      deduplicationKey(
        auditEvent({
          fields: {
            'ka.target.resource': resource,
            'ka.target.name': name,
            ...(namespace && { 'ka.target.namespace': namespace }),
          },
        }),
      );
    const keys = [
      target('configmaps', 'a', 'shop'),
      target('secrets', 'a', 'shop'),
      target('configmaps', 'b', 'shop'),
      target('configmaps', 'a', 'x'),
      target('configmaps', 'a'),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('without a text compares the fields, except evt.time*, in any order', () => {
    const fields = (more: Record<string, unknown>) => key({ output: '', fields: { ...pod, ...more } });
    const plain = fields({ a: 1, b: null });
    expect(fields({ b: null, a: 1 })).toBe(plain);
    expect(fields({ a: 1, b: null, 'evt.time': 5, 'evt.time.iso8601': 'x' })).toBe(plain);
    expect(fields({ a: 2, b: null })).not.toBe(plain);
    expect(fields({ a: 1 })).not.toBe(plain);
    expect(fields({ a: 1, b: 'null' })).not.toBe(plain);
    expect(fields({ a: parseJson('1000000000000000001'), b: null })).not.toBe(
      fields({ a: parseJson('1000000000000000002'), b: null }),
    );
  });

  it('cannot be confused by where one value ends and the next begins', () => {
    expect(key({ rule: 'a', source: 'bc' })).not.toBe(key({ rule: 'ab', source: 'c' }));
    expect(key({ rule: 'a","b' })).not.toBe(key({ rule: 'a', source: 'b' }));
  });
});

describe('orderingKey', () => {
  it('is the same for everything about a pod, however the alert names it', () => {
    const syscall = orderingKey(falcoEvent({ rule: 'a', fields: pod }));
    expect(orderingKey(falcoEvent({ rule: 'b', priority: 'Debug', fields: { ...pod, 'proc.name': 'x' } }))).toBe(
      syscall,
    );
    expect(
      orderingKey(
        auditEvent({
          fields: { 'ka.target.resource': 'pods', 'ka.target.name': 'cart', 'ka.target.namespace': 'shop' },
        }),
      ),
    ).toBe(syscall);
    expect(orderingKey(falcoEvent({ fields: { ...pod, 'k8s.ns.name': 'stage' } }))).not.toBe(syscall);
  });

  it('lets events about nothing go their own way', () => {
    expect(orderingKey(falcoEvent({ id: 'x', fields: {} }))).toBe('x');
    const unknown = { 'ka.target.resource': '<NA>', 'ka.target.name': '<NA>', 'ka.target.namespace': '<NA>' };
    expect(orderingKey(auditEvent({ id: 'y', fields: unknown }))).toBe('y');
    expect(orderingKey(falcoEvent({ fields: {} }))).not.toBe(orderingKey(falcoEvent({ fields: {} })));
  });
});
