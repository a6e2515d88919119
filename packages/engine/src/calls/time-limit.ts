import { TalonError } from '@falco-talon/core';

/**
 * Runs work that gets at most `limit` milliseconds. Work that does not heed its signal is left behind: the promise
 * rejects at the limit all the same, and what the work says later is ignored.
 * @throws TalonError `timeout`, or `aborted` when the outer signal fires
 */
export async function withTimeLimit<T>(
  what: string,
  limit: number,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  let stop: (error: TalonError) => void = () => {};
  const stopped = new Promise<never>((_, reject) => {
    stop = (error) => {
      controller.abort(error);
      reject(error);
    };
  });
  const abort = () => stop(new TalonError('aborted', `${what} was stopped because Falco Talon is stopping`));
  const timer = setTimeout(
    () => stop(new TalonError('timeout', `${what} took longer than its limit of ${limit / 1000} s`, { retryable: true })),
    limit,
  );
  outer.addEventListener('abort', abort, { once: true });
  try {
    if (outer.aborted) abort();
    // In a function of its own, so that a plugin that throws before its first await is a rejection too.
    return await Promise.race([stopped, (async () => work(controller.signal))()]);
  } finally {
    clearTimeout(timer);
    outer.removeEventListener('abort', abort);
    stopped.catch(() => {});
  }
}
