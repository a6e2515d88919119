import { isTalonError, valueText } from '@falco-talon/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deduplicationKey, orderingKey } from '../ingest/identity.ts';
import { decodeAlert } from './decode-alert.ts';

const receipt = { id: 'e1', traceId: '0'.repeat(32), receivedAt: 0 };

/** Decodes, and does with the event what every event goes through; true when it was accepted. */
function survives(body: Uint8Array): boolean {
  try {
    const event = decodeAlert(body, receipt);
    expect(event.rule).not.toBe('');
    expect(orderingKey(event)).toBeTypeOf('string');
    expect(deduplicationKey(event)).toBeTypeOf('string');
    for (const value of event.fields.values()) valueText(value);
    JSON.stringify([...event.fields, ...event.extra, ...event.context]);
    return true;
  } catch (error) {
    if (isTalonError(error) && error.code === 'invalid_event') return false;
    throw error;
  }
}

const number = fc.oneof(
  fc.constantFrom(
    '1e309',
    '-1e309',
    '1E+400',
    '0.0',
    '-0',
    '1731945600482812345',
    '123456789012345678901234567890.5',
    '1.10',
  ),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
);
const key = fc.constantFrom(
  '__proto__',
  'constructor',
  'prototype',
  'rule',
  'Rule',
  'tags',
  'output',
  'output_fields',
  'k8s.pod.name',
  'a',
  '',
);
const text = fc.oneof(
  fc.string({ unit: 'binary' }).map((value) => JSON.stringify(value)),
  fc.constantFrom('"\\ud800"', '"\\udfff\\ud800"', '"\ud800"', '"\\u0000"', '"$(reboot)"', '"\\"'),
);
/** JSON text, so that numbers keep their spelling and keys repeat. */
const { value, list, object } = fc.letrec<{ value: string; list: string; object: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    number,
    text,
    fc.constantFrom('null', 'true', 'false'),
    tie('list'),
    tie('object'),
  ),
  list: fc.array(tie('value'), { maxLength: 4 }).map((items) => `[${items.join(',')}]`),
  object: fc
    .array(fc.tuple(key, tie('value')), { maxLength: 5 })
    .map((entries) => `{${entries.map(([name, item]) => `${JSON.stringify(name)}:${item}`).join(',')}}`),
}));
const mostly = (right: fc.Arbitrary<string>, wrong: fc.Arbitrary<string>) =>
  fc.oneof({ arbitrary: right, weight: 9 }, { arbitrary: wrong, weight: 1 });
const alert = fc
  .record({
    rule: mostly(fc.constant('"r"'), value),
    output_fields: mostly(object, value),
    tags: mostly(list, value),
    priority: value,
    time: value,
    context: mostly(object, value),
  })
  .map(
    (parts) =>
      `{${Object.entries(parts)
        .map(([name, item]) => `"${name}":${item}`)
        .join(',')}}`,
  );

/** Cut, flipped, doubled or filled with bytes that are no text. */
const damage = fc
  .tuple(
    alert,
    fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 3 }),
    fc.nat(),
    fc.boolean(),
  )
  .map(([body, flips, cut, whole]) => {
    const bytes = Buffer.from(body);
    for (const [at, byte] of flips) bytes[at % bytes.length] = byte;
    return whole ? bytes : bytes.subarray(0, cut % (bytes.length + 1));
  });

describe('malformed alerts', () => {
  const before = Object.getOwnPropertyNames(Object.prototype);

  it('10,000 of them are refused with a reason or read unharmed', () => {
    let accepted = 0;
    let refused = 0;
    const count = (body: Uint8Array) => (survives(body) ? accepted++ : refused++);
    fc.assert(
      fc.property(damage, (body) => void count(body)),
      { numRuns: 7_000 },
    );
    fc.assert(
      fc.property(alert, (body) => void count(Buffer.from(body))),
      { numRuns: 2_000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (body) => void count(body)),
      { numRuns: 1_000 },
    );
    expect(accepted).toBeGreaterThan(1_000);
    expect(refused).toBeGreaterThan(1_000);
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
  });

  it('keeps the digits of every number, as they were written', () => {
    fc.assert(
      fc.property(fc.array(number, { maxLength: 10 }), (numbers) => {
        const fields = `{${numbers.map((spelling, index) => `"f${index}":{"deep":[${spelling}]}`).join(',')}}`;
        const event = decodeAlert(Buffer.from(`{"rule":"r","output_fields":${fields}}`), receipt);
        expect(JSON.stringify(Object.fromEntries(event.fields))).toBe(fields);
      }),
    );
  });
});
