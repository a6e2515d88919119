import { asTalonError, errorText, PRIORITIES, type Delivery, type FalcoEvent } from '@falco-talon/core';
import type { Lanes } from '../act/lanes.ts';
import { enterLanes, runChains, type Ran } from '../act/run-chains.ts';
import { runStep, type StepDeps } from '../act/run-step.ts';
import { withRetry } from '../calls/retry.ts';
import type { ClientLease, ClientPool } from '../clients/client-pool.ts';
import { createEventFacts, type EventFacts } from '../enrich/event-facts.ts';
import { eventOf } from '../ingest/ingest.ts';
import { entries, readJournal, type Journal } from '../journal/journal.ts';
import { planEvent } from '../plan/plan-event.ts';
import type { Plan, PlannedStep } from '../plan/plan.ts';
import { actionRecord, failureOf, type Outcome } from '../record/outcome.ts';
import type { EngineSettings } from './engine.ts';
import type { Generation } from './generation.ts';
import { announce, append, startEffects, type EffectDeps } from './step-effects.ts';

export interface ProcessDeps extends StepDeps, EffectDeps {
  readonly pool: ClientPool;
  readonly lanes: Lanes;
  readonly settings: EngineSettings;
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
  /** Resolves when the plan is in the journal. */
  readonly planned: Promise<void>;
  readonly effects: Promise<void>[];
}

const SETTLE_ATTEMPTS = 5;
let arrivals = 0;

/**
 * The life of an event from the queue to its end. Up to the lane tickets everything is synchronous, so that events
 * enter the lanes in delivery order. Returns when its steps are done; uploads and notifications settle the event later.
 */
export async function processEvent(delivery: Delivery, deps: ProcessDeps): Promise<void> {
  const { settings, logger, observer, registry } = deps;
  const event = eventOf(delivery.message);
  const journal = readJournal(delivery.journal);
  if (delivery.attempt - journal.postponed > settings.limits.eventAttempts) return setAside(delivery, event, deps);

  const plan = journal.plan ? resumed(journal.plan, deps) : planFor(event, deps);
  if (plan.chains.length === 0) {
    observer.event({ source: event.source, priority: event.priority ?? '', result: 'unmatched' });
    if (settings.printAllEvents) logger.info('event', eventFields(event));
    return delivery.settle({ kind: 'done' });
  }
  const chains = enterLanes(event, plan, registry, deps.lanes);
  const lease = deps.pool.lease();
  const facts = createEventFacts(event, registry, lease, deps.scope);
  const planned = journal.plan ? Promise.resolve() : delivery.append([entries.plan(plan)]);
  planned.catch((error: unknown) => logger.error('journal not written', { event: event.id, error: errorText(error) }));
  const current: Case = { event, plan, journal, delivery, lease, facts, age: arrivals++, planned, effects: [] };
  let ended = false;
  try {
    if (!journal.plan) announceMatches(current, deps);
    await runChains(chains, deps.signal, (step) => processStep(current, step, deps));
    ended = true;
  } finally {
    for (const chain of chains) for (const { ticket } of chain) ticket.leave();
    const end = settle(current, ended, deps);
    deps.background.add(end);
    void end.finally(() => deps.background.delete(end));
  }
}

function planFor(event: FalcoEvent, { generation, settings }: ProcessDeps): Plan {
  const { matcher, ruleSet } = generation();
  return planEvent(event, matcher.match(event), {
    observe: settings.mode === 'observe',
    defaultNotifiers: settings.defaultNotifiers,
    ruleSetVersion: ruleSet.version,
  });
}

/** A plan of before a restart. A stop of all acting that was ordered meanwhile holds for it too. */
function resumed(plan: Plan, { settings }: ProcessDeps): Plan {
  if (settings.mode !== 'observe') return plan;
  const chains = plan.chains.map(({ rule, steps }) => ({
    rule,
    steps: steps.map((step) => ({ ...step, dryRun: true })),
  }));
  return { ...plan, chains };
}

async function processStep(current: Case, step: PlannedStep, deps: ProcessDeps): Promise<Ran> {
  const { event, delivery, journal, lease, effects } = current;
  let data = journal.result(step.id);
  let stored = Promise.resolve();
  if (!data) {
    const startedAt = deps.now();
    const outcome = await outcomeOf(current, step, deps);
    data = { record: actionRecord(event, step, outcome, deps.now()), artifacts: outcome.artifacts };
    deps.observer.latency('step', deps.now() - startedAt);
    const result = entries.result(step.id, data);
    stored = append(delivery, deps.logger, () => delivery.append([result]));
    announce(data.record, deps);
  }
  const { uploads, all } = startEffects({ event, step, delivery, journal, lease }, data, deps);
  effects.push(all);
  if (step.output?.wait) await uploads;
  return { status: data.record.status, stored };
}

function outcomeOf(current: Case, step: PlannedStep, deps: ProcessDeps): Promise<Outcome> | Outcome {
  const { event, delivery, journal, lease, facts, age, planned } = current;
  const actionner = deps.registry.actionners.get(step.actionner)?.part;
  if (!actionner) return failureOf(asTalonError(new Error(`actionner ${step.actionner} is not loaded any more`)));
  const severity = event.priority ? PRIORITIES.indexOf(event.priority) : PRIORITIES.length;
  return runStep(
    {
      event,
      step,
      actionner,
      facts,
      lease,
      intent: journal.intent(step.id),
      // What can be repeated may act while the plan is being written; what cannot waits for both.
      saveIntent: async (found) =>
        void (await Promise.all([planned, delivery.append([entries.intent(step.id, found)])])),
      started: () => deps.observer.latency('act', deps.now() - event.receivedAt),
    },
    { severity, age },
    deps,
  );
}

/** Ends the message when its uploads and notifications have ended; when the process stops first, it is delivered again. */
async function settle({ event, delivery, lease, effects }: Case, ended: boolean, deps: ProcessDeps): Promise<void> {
  try {
    const results = await Promise.allSettled(effects);
    const complete = ended && results.every((result) => result.status === 'fulfilled');
    if (complete) await withRetry(SETTLE_ATTEMPTS, deps.signal, () => delivery.settle({ kind: 'done' }));
    else if (deps.signal.aborted) await postpone(delivery, deps);
    else if (ended) throw results.find((result) => result.status === 'rejected')?.reason;
  } catch (error) {
    deps.logger.error('event not settled', {
      event: event.id,
      trace_id: event.traceId,
      error: asTalonError(error).message,
    });
  } finally {
    await lease.release();
  }
}

/** Delivered again after the restart; this attempt does not count against the event. */
async function postpone(delivery: Delivery, { now, logger }: ProcessDeps): Promise<void> {
  const reason = 'Falco Talon stopped';
  void append(delivery, logger, () => delivery.append([entries.postponed(reason)]));
  await delivery.settle({ kind: 'later', at: now(), reason });
}

async function setAside(
  delivery: Delivery,
  event: FalcoEvent,
  { settings, logger, observer }: ProcessDeps,
): Promise<void> {
  const reason = `not finished after ${settings.limits.eventAttempts} attempts; each ended with the process`;
  logger.error('event set aside', { ...eventFields(event), reason });
  observer.event({ source: event.source, priority: event.priority ?? '', result: 'dead' });
  await delivery.settle({ kind: 'dead', reason });
}

function announceMatches({ event, plan }: Case, { logger, observer }: ProcessDeps): void {
  observer.event({ source: event.source, priority: event.priority ?? '', result: 'matched' });
  logger.info('event', eventFields(event));
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

function eventFields(event: FalcoEvent) {
  return {
    event: event.output === '' ? event.rule : event.output,
    falco_rule: event.rule,
    priority: event.priorityText,
    source: event.source,
    trace_id: event.traceId,
  };
}
