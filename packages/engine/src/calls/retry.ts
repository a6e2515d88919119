import { asTalonError, type TalonError } from '@falco-talon/core';
import { backoffDelay, pause } from './backoff.ts';

/** Repeats work that failed with a retryable error, with backoff, as long as `again` says so; rejects with the last error. */
export async function withRetry<T>(
  attempts: number,
  signal: AbortSignal,
  work: (attempt: number) => Promise<T>,
  again: () => boolean = () => true,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(attempt);
    } catch (thrown) {
      const error: TalonError = asTalonError(thrown);
      if (!error.retryable || attempt >= attempts || signal.aborted || !again()) throw error;
      await pause(backoffDelay(attempt, error), signal);
    }
  }
}
