import { asTalonError, PRIORITIES, TalonError } from '@falco-talon/core';
import type { Ran } from '../act/run-chains.ts';
import { runStep } from '../act/run-step.ts';
import { entries } from '../journal/journal.ts';
import type { PlannedStep } from '../plan/plan.ts';
import { actionRecord, failureOf, type Outcome } from '../record/outcome.ts';
import type { Case, ProcessDeps } from './case.ts';
import { announce, append, startEffects } from './step-effects.ts';
import { createStepIntent, writeOrKeep } from './step-intent.ts';

/** An event is put off so often at most because its journal cannot be written: it may be its own entries that are too large. */
const MOST_POSTPONED = 20;

/** One step from its turn to its result, in the journal where it can be; what follows from it goes on in `effects`. */
export async function processStep(current: Case, step: PlannedStep, deps: ProcessDeps): Promise<Ran> {
  const { event, delivery, journal, lease, effects } = current;
  let data = journal.result(step.id);
  let stored = Promise.resolve();
  let quiet = false;
  if (!data) {
    const startedAt = performance.now();
    const outcome = await outcomeOf(current, step, deps);
    data = { record: actionRecord(event, step, outcome, deps.now()), artifacts: outcome.artifacts };
    deps.observer.latency('step', performance.now() - startedAt);
    quiet = outcome.quiet === true || deps.causes.isKnown(outcome.error, data.record, step.notifiers);
    const result = [entries.result(step.id, data), ...(quiet ? [entries.notified(step.id, 'action')] : [])];
    stored = writeOrKeep(current, result, deps.logger);
    announce(data.record, deps);
  }
  const { uploads, all } = startEffects({ event, step, delivery, journal, lease, stored, quiet }, data, deps);
  effects.push(all);
  if (step.output?.wait) await uploads;
  return { status: data.record.status, stored };
}

/** @throws TalonError `aborted` when it did not act because the journal cannot be written; what `runStep` throws */
async function outcomeOf(current: Case, step: PlannedStep, deps: ProcessDeps): Promise<Outcome> {
  const { event, delivery, journal, lease, facts, age, savePlan } = current;
  const actionner = deps.registry.actionners.get(step.actionner)?.part;
  const kept = journal.kept(step.id);
  if (!actionner) {
    const error = asTalonError(new Error(`actionner ${step.actionner} is not loaded any more`));
    return failureOf(error, {}, [...kept.values()]);
  }
  const severity = event.priority ? PRIORITIES.indexOf(event.priority) : PRIORITIES.length;
  const intent = createStepIntent(current, step, actionner, deps.logger);
  const outcome = await runStep(
    {
      event,
      step,
      actionner,
      facts,
      lease,
      intent: journal.intent(step.id),
      saveIntent: intent.save,
      withdrawIntent: intent.withdraw,
      kept,
      saveKept: (n, artifact) =>
        append(delivery, deps.logger, async () => {
          await savePlan();
          await delivery.append([entries.kept(step.id, n, artifact)]);
        }),
      // The one time that spans a restart, so it is told by a clock that may have been set back.
      started: () => deps.observer.latency('act', Math.max(0, deps.now() - event.receivedAt)),
    },
    { severity, age },
    deps,
  );
  if (outcome.status !== 'failure' || !intent.isMissing() || journal.postponed >= MOST_POSTPONED) return outcome;
  // A full disk is no reason to give up a response for good.
  intent.withdraw();
  throw new TalonError('aborted', 'the journal cannot be written');
}
