import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseMinimum, requiredReplicas, type Minimum } from './minimum.ts';

const percentage = (value: number): Minimum => ({ kind: 'percentage', percentage: value });

describe('min_healthy_replicas', () => {
  it('reads numbers, texts of numbers and percentages', () => {
    expect(parseMinimum(2)).toEqual({ kind: 'count', count: 2 });
    expect(parseMinimum('2')).toEqual({ kind: 'count', count: 2 });
    expect(parseMinimum('33%')).toEqual(percentage(33));
    expect(parseMinimum('100%')).toEqual(percentage(100));
  });

  it.each([-1, 1.5, 1e300, '', '%', '101%', '-1', '1.5', '33 %', '33%%', '0x2', 'two'])('refuses %j', (value) => {
    expect(parseMinimum(value)).toBeUndefined();
  });

  it('rounds a percentage of the desired replicas up', () => {
    expect(requiredReplicas(percentage(33), 3)).toBe(1);
    expect(requiredReplicas(percentage(34), 3)).toBe(2);
    expect(requiredReplicas(percentage(50), 3)).toBe(2);
    expect(requiredReplicas(percentage(50), 4)).toBe(2);
    expect(requiredReplicas(percentage(100), 7)).toBe(7);
    expect(requiredReplicas(percentage(0), 7)).toBe(0);
    expect(requiredReplicas(percentage(50), 0)).toBe(0);
  });

  it('takes a number as it is, whatever is desired', () => {
    expect(requiredReplicas({ kind: 'count', count: 2 }, 1)).toBe(2);
  });

  it('is the smallest whole number that is at least the percentage, exactly', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 1_000_000 }), (percent, desired) => {
        const required = requiredReplicas(percentage(percent), desired);
        expect(required * 100).toBeGreaterThanOrEqual(desired * percent);
        expect(required === 0 || (required - 1) * 100 < desired * percent).toBe(true);
        expect(required).toBeLessThanOrEqual(desired);
      }),
    );
  });
});
