import { fieldText } from '@falco-talon/core';
import { describe, expect, it } from 'vitest';
import { testFileOf } from './testing-rules-test.ts';
import { testEvent } from './test-event.ts';

/** The alert of a test, from the YAML of the file's common event and its own. */
function eventFrom(own: string | undefined, common?: string, recorded?: string) {
  const file = testFileOf(
    `${common === undefined ? '' : `event: ${common}\n`}tests: [{test: t, ${own === undefined ? 'event_file: f' : `event: ${own}`}, expect: none}]`,
  );
  return testEvent(file.event, recorded, file.tests[0]!.content.event);
}

describe('the alert of a test', () => {
  it('needs a rule only; the rest is as in an alert that has nothing else', () => {
    const event = eventFrom('{rule: r}');
    expect(event).toMatchObject({
      rule: 'r',
      source: 'syscall',
      priority: undefined,
      priorityText: '',
      tags: [],
      output: '',
    });
    expect(event.fields.size).toBe(0);
  });

  it('is decoded as the server does: any case of a priority, aliases of sources, the time before the text', () => {
    const event = eventFrom('{rule: r, priority: warning, source: k8saudit, output: "14:09:17.699479000: Notice x"}');
    expect(event).toMatchObject({ priority: 'Warning', source: 'k8s_audit', output: 'x' });
  });

  it.each(['1731945600482812345', '1e309', '1.10', '-0.0', 'true', '010', '0x1F', 'text'])(
    'keeps %s as it is written',
    (value) => {
      expect(fieldText(eventFrom(`{rule: r, output_fields: {f: ${value}}}`), 'f')).toBe(value);
    },
  );

  it('takes null, lists, maps and odd keys as values of fields', () => {
    const event = eventFrom('{rule: r, output_fields: {a: null, b: [1, x], __proto__: {c: 1}, "gcp.user ": y}}');
    expect(JSON.stringify([...event.fields])).toBe(
      '[["a",null],["b",[1,"x"]],["__proto__",{"c":1}],["gcp.user ","y"]]',
    );
  });

  it('is laid over what the tests of a file have in common, field by field', () => {
    const event = eventFrom(
      '{priority: Error, tags: [own], output_fields: {a: 2, c: 3}}',
      '{rule: r, priority: Notice, hostname: h, tags: [common], output_fields: {a: 1, b: 1}}',
    );
    expect(event).toMatchObject({ rule: 'r', priority: 'Error', hostname: 'h', tags: ['own'] });
    expect(Object.fromEntries(event.fields)).toEqual({ a: 2, b: 1, c: 3 });
  });

  it('is laid over a recorded one, which is laid over what they have in common', () => {
    const recorded = '{"Rule":"recorded","priority":"Info","output_fields":{"n":1731945600482812345,"b":2},"extra":1}';
    const event = eventFrom(
      '{output_fields: {c: 3}}',
      '{rule: common, hostname: h, output_fields: {a: 1, b: 1}}',
      recorded,
    );
    expect(event).toMatchObject({ rule: 'recorded', priority: 'Informational' });
    expect(JSON.stringify([...event.fields])).toBe('[["a",1],["b",2],["n",1731945600482812345],["c",3]]');
    expect([...event.extra]).toEqual([['extra', 1]]);
  });

  it('may be a recorded one alone', () => {
    expect(eventFrom(undefined, undefined, '{"rule":"r","time":"t"}')).toMatchObject({ rule: 'r', time: 't' });
  });

  it('is refused without a rule', () => {
    expect(() => eventFrom('{priority: Error}')).toThrow("rule is missing: the Falco rule's name");
  });

  it.each([
    ['root:x:0:0:secret', 'the file does not hold one alert: it is not one JSON object'],
    ['[{"rule":"secret"}]', 'the file does not hold one alert: the body must be one JSON object, not a list'],
    ['{"rule":"r"}\n{"rule":"secret"}', 'the file does not hold one alert: it is not one JSON object'],
  ])('recorded as %j is refused, and nothing of it is quoted', (recorded, message) => {
    expect(() => eventFrom(undefined, undefined, recorded)).toThrow(
      expect.objectContaining({ code: 'invalid_event', message }),
    );
  });
});
