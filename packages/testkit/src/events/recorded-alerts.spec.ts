import { describe, expect, it } from 'vitest';
import { fieldText, parseJson, podName, podNamespace } from '@falco-talon/core';
import { recordedAlert, RECORDED_ALERTS, recordedEvent } from './recorded-alerts.ts';

describe('recorded alerts', () => {
  it.each(RECORDED_ALERTS)('$name loses no key, digit or null: $about', async ({ name, text }) => {
    const sent = parseJson(text) as Record<string, unknown>;
    const event = await recordedEvent(name);
    expect(JSON.stringify(Object.fromEntries(event.fields))).toBe(JSON.stringify(sent['output_fields']));
    expect(event.rule).toBe(sent['rule'] ?? sent['Rule']);
    expect(event.time).toBe(sent['time'] ?? '');
    expect(event.tags).toEqual(sent['tags'] ?? []);
    expect(event.hostname).toBe(sent['hostname'] ?? '');
  });

  it('have names of their own', () => {
    expect(new Set(RECORDED_ALERTS.map(({ name }) => name)).size).toBe(RECORDED_ALERTS.length);
    expect(RECORDED_ALERTS).toHaveLength(22);
    expect(() => recordedAlert('none')).toThrow('there is no recorded alert "none"');
  });

  it('tell their pod, or that there is none', async () => {
    const pods = ['shell-with-tags', 'audit-exec-pod', 'audit-disallowed-user', 'audit-service-account-created'];
    const named = await Promise.all(pods.map(recordedEvent));
    expect(named.map((event) => [podNamespace(event), podName(event)])).toEqual([
      ['shop', 'cart-0'],
      ['hello', 'web-676b6c5bbc-4xc6t'],
      [undefined, undefined],
      ['default', undefined],
    ]);
  });

  it('keep 19 digits and nulls', async () => {
    const event = await recordedEvent('shell-with-nulls');
    expect(fieldText(event, 'evt.time')).toBe('1612389704834631701');
    expect(event.fields.get('proc.pname')).toBeNull();
    expect(event.source).toBe('syscall');
    expect(event.output).toMatch(/^A shell was spawned/);
  });
});
