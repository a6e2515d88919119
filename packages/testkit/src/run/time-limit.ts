import { isTalonError, TalonError } from '@falco-talon/core';

export interface TimeLimit {
  /** Its reason is a `TalonError`: `timeout`, or `aborted` when the outer signal came first. */
  readonly signal: AbortSignal;
  end(): void;
}

/** The signal an attempt gets: aborted after so many milliseconds, or when the outer one is. */
export function timeLimit(milliseconds: number, outer: AbortSignal | undefined): TimeLimit {
  const controller = new AbortController();
  const onTime = () => controller.abort(new TalonError('timeout', `not done within ${milliseconds} ms`));
  const onAbort = () => controller.abort(abortReason(outer?.reason));
  const timer = setTimeout(onTime, milliseconds);
  if (outer?.aborted) onAbort();
  else outer?.addEventListener('abort', onAbort, { once: true });
  return {
    signal: controller.signal,
    end() {
      clearTimeout(timer);
      outer?.removeEventListener('abort', onAbort);
    },
  };
}

function abortReason(reason: unknown): TalonError {
  return isTalonError(reason) ? reason : new TalonError('aborted', 'the run was aborted', { cause: reason });
}

/** What the engine makes of anything thrown: once the signal is aborted, a plugin's own abort error means its reason. */
export function thrownWhile(
  signal: AbortSignal,
  error: unknown,
  otherwise: (error: unknown) => TalonError,
): TalonError {
  if (isTalonError(error)) return error;
  if (signal.aborted && isTalonError(signal.reason)) return signal.reason;
  return otherwise(error);
}
