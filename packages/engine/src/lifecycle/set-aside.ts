import { TalonError, type Delivery, type FalcoEvent } from '@falco-talon/core';
import { goesOn } from '../act/run-chains.ts';
import { readJournal } from '../journal/journal.ts';
import { actionRecord, failureOf } from '../record/outcome.ts';
import type { Plan, PlannedStep } from '../plan/plan.ts';
import { announce, type EffectDeps } from './step-effects.ts';

export interface SetAsideDeps extends EffectDeps {
  readonly background: Set<Promise<void>>;
}

/**
 * Ends a message about which nothing may be done any more. The queue keeps it; the log, the counters and whoever would
 * have been told of its actions hear of it. Settled first: had it been a notifier that ended the process, it would again.
 */
export async function setAside(
  delivery: Delivery,
  event: FalcoEvent | undefined,
  reason: string,
  deps: SetAsideDeps,
): Promise<void> {
  const { id, headers } = delivery.message;
  const fields = event ? eventFields(event) : { trace_id: headers['trace-id'] };
  const artifacts = artifactsLeft(delivery);
  deps.scope.logger.error('event set aside', { ...fields, id, reason, ...(artifacts.length > 0 && { artifacts }) });
  deps.observer.event({ source: event?.source ?? '', priority: event?.priority ?? '', result: 'dead' });
  await delivery.settle({ kind: 'dead', reason });
  if (event) for (const step of unfinishedSteps(delivery)) tell(event, step, reason, deps);
}

/** The step each chain had come to; those behind it were never begun. */
function unfinishedSteps(delivery: Delivery): readonly PlannedStep[] {
  const journal = readJournal(delivery.journal);
  if (journal.problem !== undefined || !journal.plan) return [];
  return journal.plan.chains.flatMap(({ steps }) => {
    const last = steps.find((step) => {
      const status = journal.result(step.id)?.record.status;
      return status === undefined || !goesOn(step, status);
    });
    return last && !journal.result(last.id) ? last : [];
  });
}

/** Names in the spool of artifacts that nobody will upload any more: whoever looks into the event may want them. */
function artifactsLeft(delivery: Delivery): readonly string[] {
  const journal = readJournal(delivery.journal);
  if (journal.problem !== undefined || !journal.plan) return [];
  return journal.plan.chains.flatMap(({ steps }) =>
    steps.flatMap(({ id }) =>
      // Of a step that has no result: what it had kept by then.
      (journal.result(id)?.artifacts ?? [...journal.kept(id).values()])
        .filter((_, n) => journal.delivered(id, n)?.status !== 'success')
        .map(({ file }) => file),
    ),
  );
}

function tell(event: FalcoEvent, step: PlannedStep, reason: string, deps: SetAsideDeps): void {
  const error = new TalonError('outcome_unknown', `the event was set aside: ${reason}`);
  const record = actionRecord(event, step, failureOf(error), deps.scope.now());
  announce(record, deps);
  const told = deps.notifications.submit(record, step.notifiers).catch(() => {});
  deps.background.add(told);
  void told.finally(() => deps.background.delete(told));
}

/** What the log says about an event; with the version of the rules that judged it, if any have. */
export function eventFields(event: FalcoEvent, plan?: Pick<Plan, 'ruleSet'>) {
  return {
    event: event.output === '' ? event.rule : event.output,
    falco_rule: event.rule,
    priority: event.priorityText,
    source: event.source,
    ...(plan && { rules_version: plan.ruleSet }),
    trace_id: event.traceId,
  };
}
