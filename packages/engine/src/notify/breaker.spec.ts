import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createBreaker, type Breaker } from './breaker.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const never = new AbortController().signal;

function opened(): Breaker {
  const breaker = createBreaker();
  expect([1, 2, 3, 4, 5].map(() => breaker.failed())).toEqual([false, false, false, false, true]);
  return breaker;
}

/** Milliseconds until the caller may call. */
async function waited(breaker: Breaker): Promise<number> {
  const startedAt = performance.now();
  const passed = breaker.pass(never).then(() => performance.now() - startedAt);
  await vi.advanceTimersByTimeAsync(60_000);
  return passed;
}

it('lets everybody call while the destination answers now and then', async () => {
  const breaker = createBreaker();
  for (let n = 0; n < 4; n++) breaker.failed();
  expect(breaker.succeeded()).toBe(false);
  for (let n = 0; n < 4; n++) breaker.failed();
  await breaker.pass(never);
  expect(breaker.isOpen()).toBe(false);
});

it('leaves a destination alone for longer and longer, up to half a minute', async () => {
  const breaker = opened();
  const waits: number[] = [];
  for (let n = 0; n < 7; n++) {
    waits.push(Math.round((await waited(breaker)) / 1000));
    expect(breaker.failed()).toBe(false);
  }
  expect(waits).toEqual([1, 2, 4, 8, 16, 30, 30]);
});

it('lets one caller try; the others go on when it got through', async () => {
  const breaker = opened();
  const passed: number[] = [];
  for (const n of [1, 2, 3]) void breaker.pass(never).then(() => passed.push(n));
  await vi.advanceTimersByTimeAsync(5_000);
  expect(passed).toHaveLength(1);
  expect(breaker.succeeded()).toBe(true);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(passed).toHaveLength(3);
});

it('lets go of whoever waits when the process stops', async () => {
  const stop = new AbortController();
  const waiting = opened().pass(stop.signal);
  stop.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
});
