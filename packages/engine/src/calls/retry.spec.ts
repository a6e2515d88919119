import { TalonError } from '@falco-talon/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { untilWritten, withRetry } from './retry.ts';

const busy = new TalonError('throttled', 'busy', { retryable: true, retryAfter: 1000 });

describe('withRetry', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('repeats what may pass, after the wait asked for', async () => {
    const attempts: number[] = [];
    const result = withRetry(5, new AbortController().signal, async (attempt) => {
      attempts.push(attempt);
      if (attempt < 3) throw busy;
      return 'done';
    });
    await vi.advanceTimersByTimeAsync(999);
    expect(attempts).toEqual([1]);
    await vi.advanceTimersByTimeAsync(1001);
    expect(attempts).toEqual([1, 2, 3]);
    await expect(result).resolves.toBe('done');
  });

  it('gives up after the last attempt, with the last error', async () => {
    const work = vi.fn<(attempt: number) => Promise<string>>(async (attempt: number) => {
      throw new TalonError('unavailable', `down ${attempt}`, { retryable: true, retryAfter: 1 });
    });
    const expected = withRetry(3, new AbortController().signal, work).catch((error: unknown) => error);
    await vi.runAllTimersAsync();
    expect(await expected).toMatchObject({ message: 'down 3' });
    expect(work).toHaveBeenCalledTimes(3);
  });

  it.each([new TalonError('forbidden', 'no'), new Error('broken'), undefined, 'text'])(
    'does not repeat %s',
    async (thrown) => {
      const work = vi.fn<(attempt: number) => Promise<string>>(() => Promise.reject(thrown as Error));
      await expect(withRetry(5, new AbortController().signal, work)).rejects.toMatchObject({ kind: 'talon-error' });
      expect(work).toHaveBeenCalledTimes(1);
    },
  );

  it('gives up at once where it would not go on after the pause', async () => {
    const waits: number[] = [];
    const result = withRetry(
      5,
      new AbortController().signal,
      async () => {
        throw busy;
      },
      { again: (wait) => waits.push(wait) < 2 },
    ).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(1000);
    expect(await result).toBe(busy);
    expect(waits).toEqual([1000, 1000]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('stops waiting when the signal fires', async () => {
    const stop = new AbortController();
    const work = vi.fn<(attempt: number) => Promise<string>>(async () => {
      throw busy;
    });
    const result = withRetry(5, stop.signal, work);
    const expected = result.catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(10);
    stop.abort();
    expect(await expected).toMatchObject({ code: 'aborted' });
    expect(work).toHaveBeenCalledTimes(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('untilWritten', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('writes within two seconds of the end of an outage, however long that was', async () => {
    let away = true;
    const write = vi.fn<() => Promise<void>>(async () => {
      if (away) throw new TalonError('queue_failed', 'NATS is not reachable.', { retryable: true });
    });
    const written = untilWritten(new AbortController().signal, write);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(write.mock.calls.length).toBeGreaterThan(1800);
    away = false;
    await vi.advanceTimersByTimeAsync(2_000);
    await expect(written).resolves.toBeUndefined();
  });

  it('gives up what will be refused each time', async () => {
    const refused = new TalonError('not_leading', 'Another replica has taken it over.');
    await expect(untilWritten(new AbortController().signal, () => Promise.reject(refused))).rejects.toBe(refused);
  });
});
