import type { TalonError } from '@falco-talon/core';

/** A read in flight, or done, that several callers wait for. */
export interface SharedRead<T = unknown> {
  readonly result: Promise<T>;
  readonly stop: AbortController;
  readers: number;
}

/** Begins the read. It is stopped when the last of its readers has left, or by `until`. */
export function shareRead<T>(fetch: (signal: AbortSignal) => Promise<T>, until?: AbortSignal): SharedRead<T> {
  const stop = new AbortController();
  const signal = until === undefined ? stop.signal : AbortSignal.any([stop.signal, until]);
  return { result: fetch(signal), stop, readers: 0 };
}

/**
 * Waits with the others. The last one to leave stops the read, and the next one who asks begins another.
 * @param forget the read is not to be shared any longer
 */
export async function joinRead<T>(
  shared: SharedRead<T>,
  own: AbortSignal,
  stopped: () => TalonError,
  forget: (gone: SharedRead<T>) => void,
): Promise<T> {
  shared.readers++;
  const left = Promise.withResolvers<never>();
  const onAbort = () => {
    left.reject(stopped());
    if (--shared.readers > 0) return;
    forget(shared);
    shared.stop.abort(own.reason);
  };
  if (own.aborted) onAbort();
  else own.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([left.promise, shared.result]);
  } finally {
    own.removeEventListener('abort', onAbort);
  }
}
