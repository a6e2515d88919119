import { isTalonError, TalonError } from '@falco-talon/core';

/** A day. Timers hold no more than 24.8 days, and nothing here means to take that long. */
const LONGEST = 24 * 60 * 60 * 1000;

/** The milliseconds a plugin announced for its work; undefined when they make no sense. */
export function announcedLimit(announced: unknown): number | undefined {
  return typeof announced === 'number' && announced > 0 ? Math.min(announced, LONGEST) : undefined;
}

/**
 * Runs work that gets at most `limit` milliseconds. Work that does not heed its signal is left behind: the promise
 * rejects at the limit all the same, and what the work says later is ignored. Work whose outer signal has already fired
 * is not begun.
 * @throws TalonError `timeout`, or, when the outer signal fires, that signal's reason: `aborted` unless it says otherwise
 */
export async function withTimeLimit<T>(
  what: string,
  limit: number,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (outer.aborted) throw stopped(what, outer);
  const controller = new AbortController();
  const ended = Promise.withResolvers<never>();
  const stop = (error: TalonError) => {
    ended.reject(error);
    controller.abort(error);
  };
  const abort = () => stop(stopped(what, outer));
  const timer = setTimeout(
    () =>
      stop(new TalonError('timeout', `${what} took longer than its limit of ${limit / 1000} s`, { retryable: true })),
    limit,
  );
  outer.addEventListener('abort', abort, { once: true });
  try {
    // In a function of its own, so that a plugin that throws before its first await is a rejection too.
    return await Promise.race([ended.promise, (async () => work(controller.signal))()]);
  } finally {
    clearTimeout(timer);
    outer.removeEventListener('abort', abort);
  }
}

/** Work inside other work ends with the other's reason: a time limit further out is no stop of the process. */
function stopped(what: string, { reason }: AbortSignal): TalonError {
  if (isTalonError(reason)) return reason;
  return new TalonError('aborted', `${what} was stopped because Falco Talon is stopping`);
}
