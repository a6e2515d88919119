import {
  asTalonError,
  errorText,
  PRIORITIES,
  TalonError,
  type Delivery,
  type Entry,
  type FalcoEvent,
  type Message,
  type Tenure,
} from '@falco-talon/core';
import type { Lanes } from '../act/lanes.ts';
import { enterLanes, runChains, type ChainedStep, type Ran } from '../act/run-chains.ts';
import { runStep, type StepDeps } from '../act/run-step.ts';
import { untilWritten } from '../calls/retry.ts';
import type { ClientLease, ClientPool } from '../clients/client-pool.ts';
import { createEventFacts, type EventFacts } from '../enrich/event-facts.ts';
import type { FreshEvents } from '../ingest/fresh-events.ts';
import { eventOf } from '../ingest/ingest.ts';
import { entries, readJournal, type Journal } from '../journal/journal.ts';
import type { Causes } from '../notify/causes.ts';
import { planEvent } from '../plan/plan-event.ts';
import type { Plan, PlannedStep } from '../plan/plan.ts';
import { resumePlan } from '../plan/resume-plan.ts';
import { actionRecord, failureOf, type Outcome } from '../record/outcome.ts';
import type { Registry } from '../registry/registry.ts';
import type { EngineSettings } from './engine.ts';
import type { Generation } from './generation.ts';
import { eventFields, setAside } from './set-aside.ts';
import { interruptionOf, settleEvent, type Ending, type SettleDeps } from './settle.ts';
import { blameOf, type Blame, type Suspects } from './suspects.ts';
import { announce, append, startEffects, type EffectDeps } from './step-effects.ts';

export interface ProcessDeps extends StepDeps, EffectDeps, SettleDeps {
  readonly registry: Registry;
  readonly pool: ClientPool;
  readonly lanes: Lanes;
  readonly suspects: Suspects;
  readonly settings: EngineSettings;
  readonly causes: Causes;
  readonly fresh: FreshEvents;
  readonly generation: () => Generation;
  /** Work that goes on after the handler returned; awaited when the engine stops. */
  readonly background: Set<Promise<void>>;
}

/** One event while it is worked on. */
interface Case {
  readonly event: FalcoEvent;
  readonly plan: Plan;
  readonly journal: Journal;
  readonly delivery: Delivery;
  readonly lease: ClientLease;
  readonly facts: EventFacts;
  readonly age: number;
  /** Resolves when the plan is in the journal; asked again after it could not be written, it is written again. */
  readonly savePlan: () => Promise<void>;
  readonly effects: Promise<void>[];
  readonly unsaved: Promise<readonly Entry[]>[];
}

/** An event is put off so often at most because its journal cannot be written: it may be its own entries that are too large. */
const MOST_POSTPONED = 20;

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

async function processStep(current: Case, step: PlannedStep, deps: ProcessDeps): Promise<Ran> {
  const { event, delivery, journal, lease, effects, unsaved } = current;
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
    const write = delivery.append(result);
    stored = append(delivery, deps.logger, () => write);
    unsaved.push(
      write.then(
        () => [],
        (error: unknown) => (asTalonError(error).retryable ? result : []),
      ),
    );
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
  /** Its intent was asked for and is not in the journal, but may be one day. */
  let unwritten = false;

  // What can be repeated may act while the plan is being written; what cannot waits for both.
  async function saveIntent(found: unknown): Promise<void> {
    unwritten = true;
    try {
      await Promise.all([savePlan(), delivery.append([entries.intent(step.id, found)])]);
      unwritten = false;
    } catch (error) {
      unwritten = asTalonError(error).retryable;
      throw error;
    }
  }

  const outcome = await runStep(
    {
      event,
      step,
      actionner,
      facts,
      lease,
      intent: journal.intent(step.id),
      saveIntent,
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
  if (outcome.status !== 'failure' || !unwritten || journal.postponed >= MOST_POSTPONED) return outcome;
  // A full disk is no reason to give up a response for good.
  throw new TalonError('aborted', 'the journal cannot be written');
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
