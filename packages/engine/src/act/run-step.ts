import { asTalonError, errorText, type Logger, type Scope, type TalonError } from '@falco-talon/core';
import { backoffDelay, pause } from '../calls/backoff.ts';
import { withTimeLimit } from '../calls/time-limit.ts';
import { failureOf, type Outcome } from '../record/outcome.ts';
import { attemptStep, type AttemptDeps, type StepRun } from './attempt.ts';
import type { Rank, Slots } from './slots.ts';

const DEFAULT_LIMIT = 10_000;
/** Steps that announce more run in a pool of their own, so that captures and drains never keep the others waiting. */
const LONG_STEP = 5_000;

export interface StepDeps extends AttemptDeps {
  readonly slots: Slots;
  readonly longSlots: Slots;
  readonly logger: Logger;
  readonly now: () => number;
  readonly attempts: number;
  /** Aborted when the process stops. */
  readonly signal: AbortSignal;
}

/**
 * Runs a step to its end: attempts under a time limit, each in a slot; backoff holds none. The step's lane is the
 * caller's. Whatever a plugin does wrong is a failure of this step.
 * @throws TalonError `aborted` when the process stops first
 */
export async function runStep(run: StepRun, rank: Rank, deps: StepDeps): Promise<Outcome> {
  const announced = announcedLimit(run);
  const limit = announced ?? DEFAULT_LIMIT;
  const long = announced !== undefined && announced > LONG_STEP;
  const slots = long ? deps.longSlots : deps.slots;
  const { signal, logger, now } = deps;
  for (let attempt = 1; ; ) {
    const release = await slots.take(rank, signal);
    let wait: number;
    try {
      const outcome = await withTimeLimit(`action ${run.step.actionner}`, limit, signal, (attemptSignal) =>
        attemptStep(run, attempt, scope(attemptSignal), deps),
      );
      if (!('until' in outcome)) return outcome;
      wait = Math.max(0, outcome.until - now());
      logger.info('action held', { rule: run.step.rule, action: run.step.action, trace_id: run.event.traceId, reason: outcome.reason });
    } catch (thrown) {
      const error = asTalonError(thrown);
      if (signal.aborted) throw error;
      if (!isWorthRepeating(error, run, long) || attempt >= deps.attempts) return failureOf(withAttempts(error, attempt));
      wait = backoffDelay(attempt++, error);
    } finally {
      release();
    }
    await pause(wait, signal);
  }

  function scope(attemptSignal: AbortSignal): Scope {
    return { signal: attemptSignal, logger, now, span: (_, work) => work() };
  }
}

/** A lost answer is looked into by the next attempt; a capture that took too long would only take as long again. */
function isWorthRepeating(error: TalonError, run: StepRun, long: boolean): boolean {
  if (error.code === 'outcome_unknown') return run.actionner.idempotent || run.actionner.settled !== undefined ? error.retryable : false;
  return error.retryable && !(long && error.code === 'timeout');
}

function withAttempts(error: TalonError, attempts: number): TalonError {
  if (attempts > 1) error.message += ` (after ${attempts} attempts)`;
  return error;
}

function announcedLimit(run: StepRun): number | undefined {
  try {
    return run.actionner.timeLimit?.(run.step.parameters);
  } catch (error) {
    // The step itself will fail on the same values, with a record.
    void errorText(error);
    return undefined;
  }
}
