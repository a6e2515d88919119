import type { Surroundings } from '@falco-talon/faults/harness';
import { percentile } from '@falco-talon/testkit/server';

export type { Surroundings };

/** One figure of a run. */
export interface Measurement {
  /** What was measured, as a reader who has not seen the code understands it. */
  readonly name: string;
  readonly value: number;
  /** `calls`, `ms`, `events/s`, `MiB`, `×`. */
  readonly unit: string;
  /** What it must not exceed (or, for `atLeast`, fall below). */
  readonly limit?: { readonly kind: 'exactly' | 'atMost' | 'atLeast'; readonly value: number };
}

/**
 * Milliseconds of rounds that did the same. The limit is for the best one: what else the machine did in the others, a disk
 * that stalls or a neighbour, is not the program's. The median tells how much there was of it.
 */
export function bestAndMedian(name: string, rounds: readonly number[], most?: number): readonly Measurement[] {
  const limit = most === undefined ? {} : { limit: { kind: 'atMost', value: most } as const };
  return [
    { name: `${name}, best of ${rounds.length}`, value: Math.min(...rounds), unit: 'ms', ...limit },
    { name: `${name}, median of ${rounds.length}`, value: percentile(rounds, 0.5), unit: 'ms' },
  ];
}

export interface Section {
  readonly name: string;
  /** What it starts ends with `run`, which has a time limit. */
  run(run: Surroundings): Promise<readonly Measurement[]>;
}

export function holds({ value, limit }: Measurement): boolean {
  if (limit === undefined) return true;
  if (limit.kind === 'exactly') return value === limit.value;
  return limit.kind === 'atMost' ? value <= limit.value : value >= limit.value;
}
