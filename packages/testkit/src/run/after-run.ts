import type { Actionner, Static, TObject, Uses } from '@falco-talon/core';
import { thrown, withAttempt, type RunOptions } from './attempt.ts';

export type RunOptionsWithFacts<F, U extends Uses> = RunOptions<U> & { readonly facts: F };

/**
 * Asks `settled` what the engine asks after a crash; `unknown` for an actionner that has none.
 * @throws TalonError
 */
export async function askSettled<P extends TObject, F extends TObject, U extends Uses>(
  actionner: Actionner<P, F, U>,
  options: RunOptionsWithFacts<Static<F>, U>,
): Promise<'done' | 'again' | 'unknown'> {
  return await withAttempt(actionner, options, async (attempt) => {
    try {
      return (await actionner.settled?.({ ...attempt.readContext, facts: options.facts })) ?? 'unknown';
    } catch (error) {
      throw thrown(attempt, error);
    }
  });
}

/**
 * Takes an action back; undefined for an actionner that has no `undo`.
 * @throws TalonError
 */
export async function undoActionner<P extends TObject, F extends TObject, U extends Uses>(
  actionner: Actionner<P, F, U>,
  options: RunOptionsWithFacts<Static<F>, U>,
) {
  return await withAttempt(actionner, options, async (attempt) => {
    try {
      return await actionner.undo?.(attempt.runContext(options.facts));
    } catch (error) {
      throw thrown(attempt, error);
    }
  });
}
