import { asTalonError, type TalonError } from '@falco-talon/core';
import { backoffDelay, pause } from './backoff.ts';

/**
 * Repeats work that failed with a retryable error, with backoff; rejects with the last error.
 * @param again whether to go on after a pause of so many milliseconds, asked before it
 */
export async function withRetry<T>(
  attempts: number,
  signal: AbortSignal,
  work: (attempt: number) => Promise<T>,
  again: (wait: number) => boolean = () => true,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(attempt);
    } catch (thrown) {
      const error: TalonError = asTalonError(thrown);
      if (!error.retryable || attempt >= attempts || signal.aborted) throw error;
      const wait = backoffDelay(attempt, error);
      if (!again(wait)) throw error;
      await pause(wait, signal);
    }
  }
}
