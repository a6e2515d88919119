import { describe, expect, it } from 'vitest';
import { dedupWindow } from './dedup-window.ts';

describe('dedup window', () => {
  it('holds for the window and not a millisecond longer', () => {
    const dedup = dedupWindow();
    dedup.accept('x', 5000, 1000);
    expect(dedup.seen('x', 5000, 5999)).toBe(true);
    expect(dedup.seen('x', 5000, 6000)).toBe(false);
    expect(dedup.seen('y', 5000, 1000)).toBe(false);
  });

  it('never sticks when the clock is set back', () => {
    const dedup = dedupWindow();
    dedup.accept('x', 5000, 100_000);
    expect(dedup.seen('x', 5000, 50_000)).toBe(false);
  });

  it('forgets what has expired', () => {
    const dedup = dedupWindow();
    for (let at = 0; at < 1000; at++) dedup.accept(`k${at}`, 10, at);
    expect(dedup.size()).toBe(10);
  });

  it('is bounded: the oldest is forgotten first', () => {
    const dedup = dedupWindow(3);
    for (const key of ['1', '2', '3', '1', '4']) dedup.accept(key, 60_000, 0);
    expect(dedup.size()).toBe(3);
    expect(['1', '2', '3', '4'].map((key) => dedup.seen(key, 60_000, 1))).toEqual([true, false, true, true]);
  });
});
