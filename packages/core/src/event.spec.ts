import { describe, expect, it } from 'vitest';
import {
  fieldText,
  hasField,
  laneKey,
  parseJson,
  podName,
  podNamespace,
  podTarget,
  remoteAddress,
  remotePort,
  targetText,
  type FalcoEvent,
} from './index.ts';

function event(fields: Record<string, unknown>): FalcoEvent {
  return {
    id: 'e',
    traceId: '0'.repeat(32),
    receivedAt: 0,
    rule: 'r',
    priority: 'Notice',
    priorityText: 'Notice',
    source: 'syscall',
    output: '',
    hostname: '',
    time: '',
    tags: [],
    fields: new Map(Object.entries(fields)),
    context: new Map(),
    extra: new Map(),
  };
}

describe('podName', () => {
  it.each([
    [{ 'k8s.pod.name': 'a', 'ka.target.pod.name': 'b' }, 'a'],
    [{ 'k8s.pod.name': null, 'ka.target.pod.name': 'b' }, 'b'],
    [{ 'k8s.pod.name': '<NA>', 'ka.target.pod.name': 'b' }, 'b'],
    [{ 'k8s.pod.name': '', 'ka.target.name': 'c', 'ka.target.resource': 'pods' }, 'c'],
    [{ 'ka.target.name': 'c', 'ka.target.resource': 'configmaps' }, undefined],
    [{ 'ka.target.name': 'c', 'ka.target.resource': 'Pods' }, undefined],
    [{ 'ka.target.name': 'c', 'ka.target.resource': ['pods'] }, undefined],
    [{ 'ka.target.name': 'c' }, undefined],
    [{}, undefined],
  ])('of %j is %j', (fields, expected) => {
    expect(podName(event(fields))).toBe(expected);
  });
});

it('finds namespace, remote address and port in Falco’s fields', () => {
  const both = event({
    'k8s.ns.name': null,
    'ka.target.namespace': 'shop',
    'fd.rip': '<NA>',
    'fd.sip': '10.0.0.1',
    'fd.rport': null,
    'fd.sport': 443,
  });
  expect([podNamespace(both), remoteAddress(both), remotePort(both)]).toEqual(['shop', '10.0.0.1', '443']);
  const none = event({});
  expect([podNamespace(none), remoteAddress(none), remotePort(none)]).toEqual([undefined, undefined, undefined]);
  expect(podNamespace(event({ 'k8s.ns.name': 'a', 'ka.target.namespace': 'b' }))).toBe('a');
  expect(remoteAddress(event({ 'fd.rip': 'a', 'fd.sip': 'b' }))).toBe('a');
  expect(remotePort(event({ 'fd.rport': 1, 'fd.sport': 2 }))).toBe('1');
});

it('shows field values with the digits they came with', () => {
  const times = event({
    'evt.time': parseJson('1731945600482812345'),
    zero: parseJson('0.0'),
    uid: 1000660000,
    off: false,
  });
  expect(fieldText(times, 'evt.time')).toBe('1731945600482812345');
  expect(fieldText(times, 'zero')).toBe('0.0');
  expect(fieldText(times, 'uid')).toBe('1000660000');
  expect(fieldText(times, 'off')).toBe('false');
  expect(fieldText(times, 'toString')).toBeUndefined();
});

it('counts null, the empty text and Falco’s <NA> as absent', () => {
  const odd = event({ a: null, b: '', c: '<NA>', d: 0, e: false });
  expect(['a', 'b', 'c', 'd', 'e', 'f'].map((field) => hasField(odd, field))).toEqual([
    false,
    false,
    false,
    true,
    true,
    false,
  ]);
});

describe('podTarget', () => {
  const names = { 'k8s.pod.name': 'cart', 'k8s.ns.name': 'shop' };

  it('carries the uid when the alert does', () => {
    expect(podTarget(event({ ...names, 'k8s.pod.uid': 'u1' }))).toEqual({
      kind: 'pod',
      namespace: 'shop',
      name: 'cart',
      uid: 'u1',
    });
    for (const uid of [undefined, null, '', '<NA>', 5, ['u1']]) {
      expect(podTarget(event({ ...names, 'k8s.pod.uid': uid }))).not.toHaveProperty('uid');
    }
  });

  it('says what the alert lacks', () => {
    expect(() => podTarget(event({ 'k8s.ns.name': 'shop' }))).toThrow(/names no pod$/);
    expect(() => podTarget(event({ 'k8s.pod.name': 'cart' }))).toThrow(/no namespace of the pod$/);
  });
});

it('gives different targets different lanes', () => {
  const lanes = [
    { kind: 'pod', namespace: 'a', name: 'b/c' },
    { kind: 'pod', namespace: 'a/b', name: 'c' },
    { kind: 'pod', name: 'c' },
    { kind: 'node', name: 'c' },
  ];
  expect(new Set(lanes.map(laneKey)).size).toBe(lanes.length);
  expect(laneKey({ kind: 'pod', namespace: 'a', name: 'b', uid: '1' })).toBe(
    laneKey({ kind: 'pod', namespace: 'a', name: 'b', uid: '2' }),
  );
  expect(targetText({ kind: 'pod', namespace: 'shop', name: 'cart' })).toBe('pod shop/cart');
  expect(targetText({ kind: 'node', name: 'n1' })).toBe('node n1');
  const long = targetText({ kind: 'pod', namespace: 'shop', name: 'x'.repeat(4096) });
  expect(long).toBe(`pod shop/${'x'.repeat(253)}…`);
});
