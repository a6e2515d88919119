import { TalonError } from '@falco-talon/core';

const FIRST = 200;
const CAP = 30_000;
/** A service that asks for more is asked again sooner: nobody waits for an answer that long. */
const LONGEST_ASKED = 5 * 60_000;

/**
 * Milliseconds before the next attempt: what the service asked for, else exponential with full jitter.
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function backoffDelay(
  attempt: number,
  error: TalonError,
  { longest = CAP, random = Math.random }: { readonly longest?: number | undefined; random?: () => number } = {},
): number {
  if (error.retryAfter !== undefined && error.retryAfter >= 0) return Math.min(error.retryAfter, LONGEST_ASKED);
  return Math.ceil(random() * Math.min(longest, FIRST * 2 ** (attempt - 1)));
}

/** @throws TalonError `aborted` */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const abort = () => reject(new TalonError('aborted', 'stopped while waiting for the next attempt'));
  if (signal.aborted) abort();
  const timer = setTimeout(resolve, milliseconds);
  signal.addEventListener('abort', abort, { once: true });
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}
