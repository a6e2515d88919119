import type { QueueDepth } from '@falco-talon/core';
import { testScope } from '@falco-talon/testkit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isLow, watchStorage } from './watch-storage.ts';

const MIB = 1024 * 1024;

describe('storage', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('nearly full is told once, and once when it is over', async () => {
    let queue: Partial<QueueDepth> = { bytes: 79, limitBytes: 100 };
    let files = 0;
    const { logger, lines } = testScope();
    const watch = watchStorage(
      {
        queueDepth: async () => ({ pending: 0, dead: 0, ...queue }),
        spoolDepth: () => ({ bytes: 0, limitBytes: 100, files, limitFiles: 10 }),
      },
      logger,
    );
    const told = async () => {
      await vi.advanceTimersByTimeAsync(5_000);
      return [lines.map(({ level, fields }) => [level, fields['store']]), watch.low()];
    };
    expect(await told()).toEqual([[], { queue: false, spool: false }]);
    queue = { bytes: 80, limitBytes: 100 };
    await told();
    expect(await told()).toEqual([[['warn', 'queue']], { queue: true, spool: false }]);
    // A little room is not enough: it would be told again and again.
    queue = { bytes: 76, limitBytes: 100 };
    files = 8;
    expect((await told())[1]).toEqual({ queue: true, spool: true });
    queue = { bytes: 74, limitBytes: 100 };
    expect(await told()).toEqual([
      [
        ['warn', 'queue'],
        ['warn', 'spool'],
        ['info', 'queue'],
      ],
      { queue: false, spool: true },
    ]);
    watch.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([
    ['much is left', { freeBytes: 257 * MIB, limitBytes: 2048 * MIB }, false, false],
    ['less is left than events may need', { freeBytes: 255 * MIB, limitBytes: 2048 * MIB }, false, true],
    ['a small queue needs less', { freeBytes: 5 * MIB, limitBytes: 20 * MIB }, false, false],
    ['a little more than low, after it was low', { freeBytes: 257 * MIB, limitBytes: 2048 * MIB }, true, true],
    ['nothing is known', {}, true, false],
  ])('is low or not: %s', (_, room, before, low) => {
    expect(isLow(room, before)).toBe(low);
  });
});
