import { getEventListeners } from 'node:events';
import { TalonError } from '@falco-talon/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { announcedLimit, withTimeLimit } from './time-limit.ts';

const outer = () => new AbortController();
const never = () => new Promise<never>(() => {});

describe('withTimeLimit', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('gives what the work gives, and leaves neither timer nor listener', async () => {
    const { signal } = outer();
    await expect(withTimeLimit('work', 1000, signal, async () => 5)).resolves.toBe(5);
    expect(vi.getTimerCount()).toBe(0);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('rejects at the limit although the work never settles, and tells the work', async () => {
    const { signal } = outer();
    let inner: AbortSignal | undefined;
    const result = withTimeLimit('action a:b', 1500, signal, (given) => ((inner = given), never()));
    const expected = result.catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(1499);
    expect(inner?.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await expected).toMatchObject({
      code: 'timeout',
      retryable: true,
      message: 'action a:b took longer than its limit of 1.5 s',
    });
    expect(inner?.aborted).toBe(true);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('says that it timed out even when the work answers the abort with an error of its own', async () => {
    const result = withTimeLimit(
      'work',
      10,
      outer().signal,
      (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('mine')))),
    );
    const expected = result.catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(10);
    expect(await expected).toMatchObject({ code: 'timeout' });
  });

  it('rejects with aborted when the outer signal fires, and clears its timer', async () => {
    const stop = outer();
    const result = withTimeLimit('work', 1000, stop.signal, never);
    stop.abort();
    await expect(result).rejects.toMatchObject({ code: 'aborted' });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('hands on the reason of the limit it stands in', async () => {
    const result = withTimeLimit('outer', 100, outer().signal, (signal) => withTimeLimit('inner', 1000, signal, never));
    const expected = result.catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(100);
    expect(await expected).toMatchObject({
      code: 'timeout',
      message: expect.stringContaining('outer'),
    });
    const stop = outer();
    const inner = withTimeLimit('inner', 1000, stop.signal, never);
    stop.abort(new TalonError('timeout', 'the one further out'));
    await expect(inner).rejects.toThrow('the one further out');
  });

  it('begins no work when the outer signal has fired before', async () => {
    const work = vi.fn<() => Promise<number>>(async () => 1);
    await expect(withTimeLimit('work', 1000, AbortSignal.abort(), work)).rejects.toMatchObject({ code: 'aborted' });
    expect(work).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('turns a synchronous throw into a rejection, whatever was thrown', async () => {
    const thrown: unknown[] = [new Error('sync'), 'text', undefined, null];
    for (const value of thrown) {
      const result = withTimeLimit('work', 1000, outer().signal, () => {
        throw value;
      });
      await expect(result.catch((error: unknown) => ({ error }))).resolves.toEqual({ error: value });
    }
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ignores what the work says after the limit', async () => {
    const work = Promise.withResolvers<number>();
    const result = withTimeLimit('work', 10, outer().signal, () => work.promise);
    const expected = result.catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(10);
    expect(await expected).toMatchObject({ code: 'timeout' });
    // Would be an unhandled rejection, which fails the run.
    work.reject(new Error('late'));
    await vi.advanceTimersByTimeAsync(0);
  });
});

describe('announcedLimit', () => {
  it.each([NaN, 0, -1, undefined, null, '5000', {}])('does not believe %s', (announced) => {
    expect(announcedLimit(announced)).toBeUndefined();
  });
  it('caps what no timer can hold', () => {
    expect(announcedLimit(30_000)).toBe(30_000);
    expect(announcedLimit(2 ** 40)).toBe(86_400_000);
    expect(announcedLimit(Infinity)).toBe(86_400_000);
  });
});
