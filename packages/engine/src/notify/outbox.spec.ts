import { TalonError, type OutcomeRecord } from '@falco-talon/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createOutbox } from './outbox.ts';

type Answers = readonly (TalonError | undefined)[];
const record = (rule: string) => ({ rule }) as OutcomeRecord;
const batch = { records: 3, bytes: 1000, delay: 500 };
const { signal } = new AbortController();

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function recorder() {
  const calls: string[][] = [];
  const pending: PromiseWithResolvers<Answers>[] = [];
  const send = (records: readonly OutcomeRecord[]) => {
    calls.push(records.map(({ rule }) => rule));
    const call = Promise.withResolvers<Answers>();
    pending.push(call);
    return call.promise;
  };
  return { calls, pending, send };
}
const instantly = () => {
  const calls: string[][] = [];
  return {
    calls,
    send: async (records: readonly OutcomeRecord[]) => (
      calls.push(records.map(({ rule }) => rule)),
      records.map(() => undefined)
    ),
  };
};

describe('a notifier with batches', () => {
  it('gets a batch when it is full by records', async () => {
    const { calls, send } = instantly();
    const outbox = createOutbox(batch, send, signal);
    const answers = ['a', 'b', 'c', 'd'].map((rule) => outbox.put(record(rule)));
    await expect(Promise.all(answers.slice(0, 3))).resolves.toEqual([undefined, undefined, undefined]);
    expect(calls).toEqual([['a', 'b', 'c']]);
    await vi.advanceTimersByTimeAsync(500);
    expect(calls).toEqual([['a', 'b', 'c'], ['d']]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('gets what there is after the delay, not before', async () => {
    const { calls, send } = instantly();
    const outbox = createOutbox(batch, send, signal);
    void outbox.put(record('a'));
    await vi.advanceTimersByTimeAsync(300);
    void outbox.put(record('b'));
    await vi.advanceTimersByTimeAsync(199);
    expect(calls).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(calls).toEqual([['a', 'b']]);
  });

  it('gets no more bytes than it can take, and what is larger alone', async () => {
    const { calls, send } = instantly();
    const outbox = createOutbox({ ...batch, records: 100 }, send, signal);
    const [small, large] = ['s'.repeat(400), '€'.repeat(400)];
    for (const rule of [small, small, small, large, small]) void outbox.put(record(rule));
    await vi.advanceTimersByTimeAsync(5000);
    expect(calls).toEqual([[small, small], [small], [large], [small]]);
  });

  it('gets one call at a time', async () => {
    const { calls, pending, send } = recorder();
    const outbox = createOutbox(batch, send, signal);
    for (const rule of ['a', 'b', 'c', 'd', 'e', 'f']) void outbox.put(record(rule));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(calls).toEqual([['a', 'b', 'c']]);
    pending[0]?.resolve([]);
    await vi.advanceTimersByTimeAsync(0);
    expect(calls[1]).toEqual(['d', 'e', 'f']);
  });

  it.each([
    { records: 0, bytes: 0, delay: -1 },
    { records: NaN, bytes: NaN, delay: NaN },
    { records: 1.5, bytes: Infinity, delay: Infinity },
  ])('works with the senseless limits %j', async (limits) => {
    const { send } = instantly();
    const answers = ['a', 'b', 'c'].map((rule) => createOutbox(limits, send, signal).put(record(rule)));
    await vi.advanceTimersByTimeAsync(1000);
    await expect(Promise.all(answers)).resolves.toEqual([undefined, undefined, undefined]);
  });

  it('says which records did not arrive', async () => {
    const refused = new TalonError('rejected', 'too old');
    const outbox = createOutbox(batch, async () => [undefined, refused, undefined], signal);
    await expect(Promise.all(['a', 'b', 'c'].map((rule) => outbox.put(record(rule))))).resolves.toEqual([
      undefined,
      refused,
      undefined,
    ]);
  });
});

describe('a notifier without batches', () => {
  it('gets records one by one, at once, four at a time', async () => {
    const { calls, pending, send } = recorder();
    const outbox = createOutbox(undefined, send, signal);
    for (const rule of ['a', 'b', 'c', 'd', 'e']) void outbox.put(record(rule));
    expect(calls).toEqual([['a'], ['b'], ['c'], ['d']]);
    pending[2]?.resolve([]);
    await vi.advanceTimersByTimeAsync(0);
    expect(calls).toEqual([['a'], ['b'], ['c'], ['d'], ['e']]);
  });
});

describe('the bound', () => {
  it('10,000 records may wait; the next are dropped, until there is room', async () => {
    const { pending, send } = recorder();
    const outbox = createOutbox(undefined, send, signal);
    for (let i = 0; i < 10_004; i++) void outbox.put(record('x'));
    await expect(outbox.put(record('y'))).resolves.toBe('dropped');
    pending[0]?.resolve([]);
    await vi.advanceTimersByTimeAsync(0);
    let answer: unknown;
    void outbox.put(record('z')).then((given) => (answer = given));
    await vi.advanceTimersByTimeAsync(0);
    expect(answer).toBeUndefined();
  });

  it('is shared by all notifiers', async () => {
    const { send } = recorder();
    const outbox = createOutbox(undefined, send, signal, () => 5);
    for (let i = 0; i < 4; i++) void outbox.put(record('x'));
    for (let i = 0; i < 2_000; i++) void outbox.put(record('x'));
    await expect(outbox.put(record('y'))).resolves.toBe('dropped');
    const other = createOutbox(undefined, recorder().send, signal, () => 5);
    let answer: unknown;
    for (let i = 0; i < 2_004; i++) void other.put(record('z')).then((given) => (answer = given));
    await vi.advanceTimersByTimeAsync(0);
    expect(answer).toBeUndefined();
  });

  it('large records fill it sooner', async () => {
    const { send } = recorder();
    const outbox = createOutbox(undefined, send, signal);
    const output = 'x'.repeat(1024 * 1024);
    for (let i = 0; i < 70; i++) void outbox.put({ ...record('x'), output });
    await expect(outbox.put(record('y'))).resolves.toBe('dropped');
  });
});

describe('when the process stops', () => {
  it('everything that waits or is being sent ends with aborted', async () => {
    const stop = new AbortController();
    const { pending, send } = recorder();
    const outbox = createOutbox(undefined, send, stop.signal);
    const ends = Array.from({ length: 6 }, () =>
      expect(outbox.put(record('x'))).rejects.toMatchObject({ code: 'aborted' }),
    );
    stop.abort();
    for (const { reject } of pending) reject(new TalonError('aborted', 'stop'));
    await Promise.all(ends);
    await expect(outbox.put(record('x'))).rejects.toMatchObject({ code: 'aborted' });
    expect(vi.getTimerCount()).toBe(0);
  });
});
