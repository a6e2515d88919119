import { TalonError } from './errors.ts';

/**
 * The right to act on something several replicas may come by. It ends when it is not renewed in time, and once ended it
 * stays so: whoever may act again later begins anew.
 */
export interface Tenure {
  /** Aborted with a TalonError `not_leading` when it ends, however that is found out. */
  readonly signal: AbortSignal;
  /**
   * Cheap: asked before each request that changes something. By a clock that goes on while the process is frozen, so that
   * one that wakes knows at once.
   * @throws TalonError `not_leading` when another replica may act now
   */
  check(): void;
}

/** @param holds Whether no other replica can have come by it yet. */
export function createTenure(holds: () => boolean): { readonly tenure: Tenure; readonly end: () => void } {
  const over = new AbortController();
  const { signal } = over;
  function end(): void {
    if (signal.aborted) return;
    const message = 'another replica may act now, so nothing is changed any more';
    over.abort(new TalonError('not_leading', message, { retryable: true }));
  }
  return {
    tenure: {
      signal,
      check() {
        if (!holds()) end();
        signal.throwIfAborted();
      },
    },
    end,
  };
}
