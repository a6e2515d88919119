import type { Surroundings } from '@falco-talon/faults/harness';

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
