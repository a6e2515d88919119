import { asTalonError, errorText, type Delivery, type FalcoEvent, type Message, type Tenure } from '@falco-talon/core';
import { enterLanes, runChains, type ChainedStep } from '../act/run-chains.ts';
import { untilWritten } from '../calls/retry.ts';
import { createEventFacts } from '../enrich/event-facts.ts';
import { eventOf } from '../ingest/ingest.ts';
import { entries, readJournal, type Journal } from '../journal/journal.ts';
import { planEvent } from '../plan/plan-event.ts';
import type { Plan } from '../plan/plan.ts';
import { resumePlan } from '../plan/resume-plan.ts';
import type { Case, ProcessDeps } from './case.ts';
import { processStep } from './process-step.ts';
import { eventFields, setAside } from './set-aside.ts';
import { interruptionOf, settleEvent, type Ending } from './settle.ts';
import { append } from './step-effects.ts';
import { blameOf, type Blame } from './suspects.ts';

let arrivals = 0;

/**
 * The life of an event from the queue to its end. Up to the lane tickets everything is synchronous, so that events
 * enter the lanes in delivery order. Returns when its steps are done, or when they may have to wait for their turn; uploads
 * and notifications settle the event later.
 */
export async function processEvent(delivery: Delivery, given: ProcessDeps): Promise<void> {
  const deps = during(delivery.tenure, given);
  const { settings, logger, observer, registry } = deps;
  const event = deps.fresh.take(delivery.message.id) ?? decoded(delivery.message);
  if (typeof event === 'string') return setAside(delivery, undefined, event, deps);
  const journal = readJournal(delivery.journal);
  const blame = blameOf(delivery.attempt, journal, settings.limits.eventAttempts);
  const plan = planFor(event, journal, blame, deps);
  if (typeof plan === 'string') return setAside(delivery, event, plan, deps);
  if (plan.chains.length === 0) {
    observer.event({ source: event.source, priority: event.priority ?? '', result: 'unmatched' });
    if (settings.printAllEvents) logger.info('event', eventFields(event, plan));
    return delivery.settle({ kind: 'done' });
  }
  const chains = enterLanes(event, plan, registry, deps.lanes);
  const lease = deps.pool.lease();
  const facts = createEventFacts(event, registry, lease, deps.scope);
  const savePlan = journal.plan ? () => Promise.resolve() : untilDone(() => delivery.append([entries.plan(plan)]));
  savePlan().catch((error: unknown) =>
    logger.error('journal not written', { event: event.id, trace_id: event.traceId, error: errorText(error) }),
  );
  const current: Case = {
    event,
    plan,
    journal,
    delivery,
    lease,
    facts,
    age: arrivals++,
    savePlan,
    effects: [],
    unsaved: [],
  };
  const work = workOn(current, chains, blame, deps);
  if (!blame.suspect || deps.background.size >= settings.limits.inFlight) return work;
  // It may wait for its turn: not in the place of another event. Like any that fails it is tried again, and that counts.
  const end = work.catch((error: unknown) => {
    logger.error('event not processed', { event: event.id, trace_id: event.traceId, error: errorText(error) });
    const later = { kind: 'later', at: 0, reason: 'it could not be processed' } as const;
    return untilWritten(deps.closing, () => delivery.settle(later)).catch(() => {});
  });
  goOn(end, deps);
}

async function workOn(
  current: Case,
  chains: readonly (readonly ChainedStep[])[],
  blame: Blame,
  deps: ProcessDeps,
): Promise<void> {
  const { journal, delivery, facts } = current;
  let ending: Ending = 'failed';
  let leave: (() => void) | undefined;
  try {
    if (blame.suspect) {
      leave = await deps.suspects.begin(blame.last, deps.signal);
      await append(delivery, deps.logger, () => delivery.append([entries.begun()]));
    }
    if (!journal.plan) announceMatches(current, deps);
    await runChains(chains, deps.signal, (step) => processStep(current, step, deps));
    ending = 'complete';
  } catch (error) {
    const interruption = interruptionOf(error, deps.signal);
    if (!interruption) throw error;
    ending = interruption;
  } finally {
    leave?.();
    for (const chain of chains) for (const { ticket } of chain) ticket.leave();
    // What was read is no use to uploads and notifications, which may take long.
    facts.forget();
    goOn(settleEvent(current, ending, deps), deps);
  }
}

/** After the handler has returned. */
function goOn(work: Promise<void>, { background }: ProcessDeps): void {
  background.add(work);
  void work.finally(() => background.delete(work));
}

/** For as long as this replica may act on the event: what works on it stops then, as it does when the process stops. */
function during(tenure: Tenure | undefined, deps: ProcessDeps): ProcessDeps {
  return tenure ? { ...deps, tenure, signal: AbortSignal.any([deps.signal, tenure.signal]) } : deps;
}

/** Work done once: what is asked for while it runs, or after it, shares its end; after it failed, it is begun anew. */
function untilDone(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () =>
    (running ??= work().catch((error: unknown) => {
      running = undefined;
      throw error;
    }));
}

/** The alert, or why it is none: decoding has become stricter since it was accepted. */
function decoded(message: Message): FalcoEvent | string {
  try {
    return eventOf(message);
  } catch (error) {
    return asTalonError(error).message;
  }
}

/** The plan to follow, or why nothing may be done about the event any more. */
function planFor(event: FalcoEvent, journal: Journal, blame: Blame, deps: ProcessDeps): Plan | string {
  const { generation, registry, settings } = deps;
  const observe = settings.mode === 'observe';
  const { eventAttempts } = settings.limits;
  if (blame.spent) {
    return eventAttempts === 1
      ? 'not finished after its one attempt, which ended with the process'
      : `not finished after ${eventAttempts} attempts; each ended with the process`;
  }
  if (journal.problem !== undefined) return journal.problem;
  if (!journal.plan) {
    const { matcher, ruleSet } = generation();
    const { defaultNotifiers } = settings;
    return planEvent(event, matcher.match(event), { observe, defaultNotifiers, ruleSetVersion: ruleSet.version });
  }
  try {
    return resumePlan(journal.plan, registry);
  } catch (error) {
    return asTalonError(error).message;
  }
}

function announceMatches({ event, plan }: Case, { logger, observer }: ProcessDeps): void {
  observer.event({ source: event.source, priority: event.priority ?? '', result: 'matched' });
  logger.info('event', eventFields(event, plan));
  for (const { rule } of plan.chains) {
    observer.match({ rule });
    logger.info('match', {
      rule,
      event: event.output || event.rule,
      rules_version: plan.ruleSet,
      trace_id: event.traceId,
    });
  }
}
