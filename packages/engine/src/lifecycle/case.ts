import type { Delivery, Entry, FalcoEvent } from '@falco-talon/core';
import type { Lanes } from '../act/lanes.ts';
import type { StepDeps } from '../act/run-step.ts';
import type { ClientLease, ClientPool } from '../clients/client-pool.ts';
import type { EventFacts } from '../enrich/event-facts.ts';
import type { FreshEvents } from '../ingest/fresh-events.ts';
import type { Journal } from '../journal/journal.ts';
import type { Causes } from '../notify/causes.ts';
import type { Plan } from '../plan/plan.ts';
import type { Registry } from '../registry/registry.ts';
import type { EngineSettings } from './engine.ts';
import type { Generation } from './generation.ts';
import type { SettleDeps } from './settle.ts';
import type { EffectDeps } from './step-effects.ts';
import type { Suspects } from './suspects.ts';

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
export interface Case {
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
  /** Of what an event that is put off must not forget: what could not be written when it was known, but may be one day. */
  readonly unsaved: Promise<readonly Entry[]>[];
}
