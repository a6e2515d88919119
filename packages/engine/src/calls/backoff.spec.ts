import { getEventListeners } from 'node:events';
import { TalonError } from '@falco-talon/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffDelay, pause } from './backoff.ts';

const busy = (retryAfter?: number) =>
  new TalonError('throttled', 'busy', { retryable: true, ...(retryAfter !== undefined && { retryAfter }) });

describe('backoffDelay', () => {
  it('doubles its ceiling up to 30 s', () => {
    const ceilings = [1, 2, 3, 4, 8, 9, 50].map((attempt) => backoffDelay(attempt, busy(), { random: () => 1 }));
    expect(ceilings).toEqual([200, 400, 800, 1600, 25_600, 30_000, 30_000]);
  });

  it('spreads over everything below the ceiling', () => {
    expect(backoffDelay(3, busy(), { random: () => 0 })).toBe(0);
    expect(backoffDelay(3, busy(), { random: () => 0.5 })).toBe(400);
  });

  it('waits as long as the service asks, but no longer than 5 minutes', () => {
    expect(backoffDelay(1, busy(2000), { random: () => 0 })).toBe(2000);
    expect(backoffDelay(9, busy(0), { random: () => 1 })).toBe(0);
    expect(backoffDelay(1, busy(60_000), { random: () => 0 })).toBe(60_000);
    expect(backoffDelay(1, busy(3_600_000), { random: () => 0 })).toBe(300_000);
  });

  it('is a time to wait whatever a plugin asks for', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), fc.double(), (attempt, retryAfter) => {
        const wait = backoffDelay(attempt, busy(retryAfter));
        return wait >= 0 && wait <= 300_000;
      }),
    );
  });
});

describe('pause', () => {
  it('ends with aborted when the signal fires, and leaves no listener', async () => {
    const stop = new AbortController();
    const waiting = pause(60_000, stop.signal);
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
    await expect(pause(1, stop.signal)).rejects.toMatchObject({ code: 'aborted' });
    const { signal } = new AbortController();
    await pause(0, signal);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});
