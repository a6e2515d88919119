import { TalonError, type OutcomeRecord } from '@falco-talon/core';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createCauses } from './causes.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const forbidden = (about?: string) => new TalonError('forbidden', 'not allowed', about === undefined ? {} : { about });
const record = (actionner = 'kubernetes:terminate', pod = 'cart') =>
  ({
    status: 'failure',
    actionner,
    error: `no right on ${pod}`,
    objects: { pod },
    time: 't',
  }) as unknown as OutcomeRecord;

function setUp() {
  const told: { readonly record: OutcomeRecord; readonly notifiers: readonly string[] }[] = [];
  const causes = createCauses(async (one, notifiers) => void told.push({ record: one, notifiers }), { now: Date.now });
  return { causes, told };
}

it('is told once for a verb, a resource and an actionner, then as a number', async () => {
  const { causes, told } = setUp();
  const heard = ['a', 'b', 'c'].map((pod) =>
    causes.isKnown(forbidden('delete pods'), record(undefined, pod), ['slack']),
  );
  expect(heard).toEqual([false, true, true]);
  await vi.advanceTimersByTimeAsync(10 * 60_000);
  expect(told).toEqual([
    {
      notifiers: ['slack'],
      record: {
        status: 'failure',
        actionner: 'kubernetes:terminate',
        time: new Date().toISOString(),
        error:
          '2 more actions of kubernetes:terminate failed for this reason within 10 minutes; the last: no right on c',
      },
    },
  ]);
  expect(causes.isKnown(forbidden('delete pods'), record(), ['slack'])).toBe(false);
});

it('is told again for anything else, and to others', () => {
  const { causes } = setUp();
  causes.isKnown(forbidden('delete pods'), record(), ['slack']);
  expect(causes.isKnown(forbidden('patch pods'), record(), ['slack'])).toBe(false);
  expect(causes.isKnown(forbidden(), record(), ['slack'])).toBe(false);
  expect(causes.isKnown(forbidden('delete pods'), record('kubernetes:drain'), ['slack'])).toBe(false);
  expect(causes.isKnown(forbidden('delete pods'), record(), ['smtp'])).toBe(false);
  expect(causes.isKnown(new TalonError('target_gone', 'gone'), record(), ['slack'])).toBe(false);
  expect(causes.isKnown(new TalonError('target_gone', 'gone'), record(), ['slack'])).toBe(false);
  expect(causes.isKnown(undefined, record(), ['slack'])).toBe(false);
});

it('says nothing more of what happened once, and nothing after the end', async () => {
  const { causes, told } = setUp();
  causes.isKnown(forbidden('delete pods'), record(), ['slack']);
  await vi.advanceTimersByTimeAsync(10 * 60_000);
  causes.isKnown(forbidden('delete pods'), record(), ['slack']);
  causes.isKnown(forbidden('delete pods'), record(), ['slack']);
  causes.close();
  await vi.runAllTimersAsync();
  expect(told).toEqual([]);
});

it('remembers so many and no more: what is beyond is told each time', () => {
  const { causes } = setUp();
  for (let n = 0; n < 1_000; n++) causes.isKnown(forbidden(`delete ${n}`), record(), ['slack']);
  expect(causes.isKnown(forbidden('delete 0'), record(), ['slack'])).toBe(true);
  expect(causes.isKnown(forbidden('delete more'), record(), ['slack'])).toBe(false);
  expect(causes.isKnown(forbidden('delete more'), record(), ['slack'])).toBe(false);
  causes.close();
});
