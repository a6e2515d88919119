import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';

/** A service that accepts requests and does not answer them. */
export interface Hang {
  /** Resolves when a request has arrived that will not be answered. Without it the suite waits 50 ms. */
  readonly reached?: Promise<unknown>;
  /** Lets the service answer again. */
  release(): unknown;
}
/** `false`: the part calls nothing that could hang. */
export type HangOption = (() => Hang | Promise<Hang>) | false;

/**
 * Starts the work against a hanging service and aborts it: it must settle before a timer of 100 ms that starts with the
 * abort. Returns what it settled with.
 */
export async function settledAfterAbort<T>(
  hang: () => Hang | Promise<Hang>,
  start: (signal: AbortSignal) => Promise<T>,
): Promise<PromiseSettledResult<T>> {
  const controller = new AbortController();
  const held = await hang();
  const guard = new AbortController();
  try {
    const work = Promise.allSettled([start(controller.signal)]).then(([settled]) => settled);
    const first = await Promise.race([Promise.resolve(held.reached ?? delay(50)).then(() => 'held'), work]);
    expect(first, 'it settled although the service it should have called does not answer').toBe('held');
    controller.abort(new DOMException('the test aborts', 'AbortError'));
    const late = delay(100, 'still busy 100 ms after the abort' as const, { signal: guard.signal });
    late.catch(() => {});
    const settled = await Promise.race([work, late]);
    if (typeof settled === 'string') expect.fail(settled);
    return settled;
  } finally {
    guard.abort();
    await held.release();
  }
}
