import { asTalonError, TalonError, type ErrorCode, type Logger, type Scope } from '@falco-talon/core';
import { backoffDelay, pause } from '../calls/backoff.ts';
import { announcedLimit, withTimeLimit } from '../calls/time-limit.ts';
import { failureOf, type Objects, type Outcome } from '../record/outcome.ts';
import {
  attemptStep,
  keptBefore,
  targetObjects,
  type AttemptDeps,
  type Held,
  type Progress,
  type StepRun,
} from './attempt.ts';
import type { Holds } from './holds.ts';
import { lateEnd } from './late-end.ts';
import type { Rank, Slots } from './slots.ts';

const DEFAULT_LIMIT = 30_000;
/** Steps that announce more run in a pool of their own, so that captures and drains never keep the others waiting. */
const LONG_STEP = 5_000;
/**
 * What costs as much each time: a slot for long, another look at what changed. So it is repeated less often than what only
 * waits for a service, or the way to it, to come back.
 */
const COSTLY: ReadonlySet<ErrorCode> = new Set(['timeout', 'conflict']);
const MOST_COSTLY = 5;
/** An attempt whose answer was lost only after so long is as costly. */
const LONG_ATTEMPT = 5_000;
/** A guard that holds a step is asked again no sooner and no later than this. */
const SHORTEST_HOLD = 1_000;
const LONGEST_HOLD = 60 * 60 * 1000;
/** Work that was told to stop because another replica may act has so long to end in order. Milliseconds. */
const LEAVING = 3_000;

export interface StepDeps extends AttemptDeps {
  readonly slots: Slots;
  readonly longSlots: Slots;
  readonly holds: Holds;
  readonly logger: Logger;
  readonly now: () => number;
  readonly attempts: number;
  /** Aborted when the process stops. */
  readonly signal: AbortSignal;
  /** Aborted when it waits no longer for work that was told to stop. */
  readonly leaving: AbortSignal;
}

/**
 * Runs a step to its end: attempts under a time limit, each in a slot; backoff holds none. The step's lane is the
 * caller's. Whatever a plugin does wrong is a failure of this step.
 * @throws TalonError `aborted` when the process stops first, `not_leading` when it may not act any more
 */
export async function runStep(run: StepRun, rank: Rank, deps: StepDeps): Promise<Outcome> {
  const progress: Progress = {
    repeated: false,
    acted: false,
    running: false,
    uncertain: run.intent !== undefined && !run.intent.withdrawn,
    // Evidence of before a crash is evidence, whatever becomes of the attempts after it.
    artifacts: new Map(run.kept),
  };
  try {
    return await runAttempts(run, progress, rank, deps);
  } catch (error) {
    // Whatever is still under way cannot begin to act any more: its signal has fired.
    if (!progress.running && !progress.uncertain) run.withdrawIntent();
    throw error;
  }
}

async function runAttempts(run: StepRun, progress: Progress, rank: Rank, deps: StepDeps): Promise<Outcome> {
  const announced = limitOf(run);
  const limit = announced ?? DEFAULT_LIMIT;
  const long = announced !== undefined && announced > LONG_STEP;
  const slots = long ? deps.longSlots : deps.slots;
  const { signal, logger, now } = deps;
  let costly = 0;
  if (long) {
    const { rule, ruleSet, action, actionner } = run.step;
    const about = { rule, rules_version: ruleSet, action, actionner, trace_id: run.event.traceId };
    logger.info('action', { ...about, status: 'in_progress' });
  }
  for (let attempt = 1; ;) {
    const release = await slots.take(rank, signal);
    let wait: number;
    let held = false;
    let work: Promise<Outcome | Held> | undefined;
    const begun = performance.now();
    try {
      const outcome = await withTimeLimit(
        `action ${run.step.actionner}`,
        limit,
        signal,
        (attemptSignal) => (work = attemptStep(run, progress, scope(attemptSignal), deps)),
      );
      if (!('until' in outcome)) return ended(outcome);
      held = true;
      wait = Math.min(Math.max(outcome.until - now(), SHORTEST_HOLD), LONGEST_HOLD);
      logger.info('action held', {
        rule: run.step.rule,
        action: run.step.action,
        trace_id: run.event.traceId,
        reason: outcome.reason,
      });
    } catch (thrown) {
      const error = asTalonError(thrown);
      if (signal.aborted && (error.code === 'aborted' || error.code === 'not_leading')) {
        // It may be too far to be stopped: what is known to be done need not be found out by the next attempt.
        const late = await lateEnd(work, leaving());
        if (late && !('until' in late)) return ended(late);
        throw error;
      }
      // Whatever the plugin made of it: the one who may act now goes on with this step.
      deps.tenure?.check();
      if (progress.acted && isLost(error)) progress.uncertain = true;
      // Here it failed by itself: what is told to stop in the middle of it ends above.
      progress.running = false;
      if (COSTLY.has(error.code) || (isLost(error) && performance.now() - begun > LONG_ATTEMPT)) costly++;
      const enough = attempt >= deps.attempts || costly >= MOST_COSTLY;
      if (enough || !isWorthRepeating(error, run, progress, long)) {
        return ended(failureOf(withAttempts(error, attempt), objectsOf(run), keptBefore(progress)));
      }
      wait = backoffDelay(attempt++, error);
    } finally {
      release();
    }
    progress.repeated = true;
    await (held ? deps.holds.pause(run.event.id, wait, signal) : pause(wait, signal));
  }

  /** What was read before the step acted may not be true any more: the event's next steps look again. */
  function ended(outcome: Outcome): Outcome {
    if (progress.acted) run.facts.forget();
    // Also when a repeat came to nothing: a guard that says no now, a stop of all acting.
    return outcome.artifacts.length > 0 ? outcome : { ...outcome, artifacts: keptBefore(progress) };
  }

  /** Aborted when nobody waits any more for work that was told to stop. */
  function leaving(): AbortSignal {
    const moved = deps.tenure?.signal.aborted === true && !deps.leaving.aborted;
    return moved ? AbortSignal.any([deps.leaving, AbortSignal.timeout(LEAVING)]) : deps.leaving;
  }

  function scope(attemptSignal: AbortSignal): Scope {
    return { signal: attemptSignal, logger, now, span: (_, work) => work() };
  }
}

/** The request may have had its effect. */
function isLost(error: TalonError): boolean {
  return error.code === 'outcome_unknown' || error.code === 'timeout';
}

/** A lost answer is looked into by the next attempt; a capture that took too long would only take as long again. */
function isWorthRepeating(error: TalonError, { actionner }: StepRun, { uncertain }: Progress, long: boolean): boolean {
  if (long && error.code === 'timeout') return false;
  const canTell = actionner.idempotent || actionner.settled !== undefined || !uncertain;
  return error.retryable && canTell;
}

function withAttempts(error: TalonError, attempts: number): TalonError {
  return attempts === 1
    ? error
    : new TalonError(error.code, `${error.message} (after ${attempts} attempts)`, {
        cause: error,
        ...(error.about !== undefined && { about: error.about }),
      });
}

// What throws here throws again in the attempt, which makes it a failure with a record.
function limitOf({ actionner, step }: StepRun): number | undefined {
  try {
    return announcedLimit(actionner.timeLimit?.(step.parameters));
  } catch {
    return undefined;
  }
}

function objectsOf({ actionner, event, step }: StepRun): Objects {
  try {
    return targetObjects(actionner.target({ event, parameters: step.parameters }));
  } catch {
    return {};
  }
}
