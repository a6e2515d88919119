import { asTalonError, type TalonError } from '@falco-talon/core';
import { backoffDelay, pause } from './backoff.ts';

/** Milliseconds between two tries to write to the queue, at most. */
const LONGEST_WRITE_PAUSE = 2_000;

export interface RetryLimits {
  /** Whether to go on after a pause of so many milliseconds, asked before it. */
  readonly again?: (wait: number) => boolean;
  /** Milliseconds of a pause nobody asked for, at most. */
  readonly longest?: number;
}

/** Repeats work that failed with a retryable error, with backoff; rejects with the last error. */
export async function withRetry<T>(
  attempts: number,
  signal: AbortSignal,
  work: (attempt: number) => Promise<T>,
  { again, longest }: RetryLimits = {},
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(attempt);
    } catch (thrown) {
      const error: TalonError = asTalonError(thrown);
      if (!error.retryable || attempt >= attempts || signal.aborted) throw error;
      const wait = backoffDelay(attempt, error, { longest });
      if (again && !again(wait)) throw error;
      await pause(wait, signal);
    }
  }
}

/** For what must be in the queue: nobody tells when a disk has room again, or another machine is back. */
export function untilWritten(signal: AbortSignal, write: () => Promise<void>): Promise<void> {
  return withRetry(Infinity, signal, write, { longest: LONGEST_WRITE_PAUSE });
}
