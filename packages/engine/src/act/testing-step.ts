import {
  defineGuard,
  definePlugin,
  emptyObject,
  silentLogger,
  type Actionner,
  type Context,
  type FalcoEvent,
  type Guard,
} from '@falco-talon/core';
import { createClientPool } from '../clients/client-pool.ts';
import type { Spool, SpooledArtifact } from '../deliver/spool.ts';
import { createEventFacts } from '../enrich/event-facts.ts';
import type { PlannedStep } from '../plan/plan.ts';
import type { Outcome } from '../record/outcome.ts';
import { createJudge } from '../guard/judge.ts';
import { createProtects } from '../guard/protection.ts';
import { buildRegistry } from '../registry/registry.ts';
import type { StepRun } from './attempt.ts';
import { runStep, type StepDeps } from './run-step.ts';
import { createHolds } from './holds.ts';
import { createSlots } from './slots.ts';

export const STEP: PlannedStep = {
  id: 'event/rule/action/0',
  rule: 'rule',
  ruleContinue: true,
  action: 'action',
  actionner: 'spec:act',
  parameters: {},
  contexts: [],
  notifiers: [],
  continue: true,
  ignoreErrors: false,
  dryRun: false,
};

export function specActionner(parts: Partial<Actionner>): Actionner {
  return {
    kind: 'actionner',
    apiVersion: 1,
    name: 'act',
    description: 'For specs.',
    stability: 'alpha',
    sources: 'any',
    continue: true,
    output: 'allowed',
    parameters: emptyObject,
    idempotent: true,
    permissions: [],
    examples: [{ description: 'For specs.', parameters: {} }],
    target: () => ({ kind: 'pod', namespace: 'shop', name: 'cart' }),
    run: async () => ({ status: 'success', message: 'done' }),
    ...parts,
  };
}

export function specGuard(judge: Guard['judge'], name = 'gate'): Guard {
  return defineGuard({ name, description: 'For specs.', judge });
}

export interface SpecStep {
  readonly event: FalcoEvent;
  readonly actionner: Partial<Actionner>;
  readonly step?: Partial<PlannedStep>;
  readonly guards?: readonly Guard[];
  readonly contexts?: readonly Context[];
  readonly intent?: StepRun['intent'];
  readonly deps?: Partial<StepDeps>;
  readonly saveIntent?: StepRun['saveIntent'];
  readonly kept?: StepRun['kept'];
}

/** Runs one step on real slots, clients and facts; what it did is in `seen`, in order. */
export function specStep(given: SpecStep): { readonly outcome: Promise<Outcome>; readonly seen: string[] } {
  const seen: string[] = [];
  const actionner = specActionner(given.actionner);
  const { event, guards = [], contexts = [] } = given;
  const registry = buildRegistry([
    definePlugin({ name: 'spec', category: 'spec', actionners: [actionner], guards, contexts }),
  ]);
  const lease = createClientPool({
    clients: registry.clients,
    sections: new Map(),
    environment: { variables: {}, homeDirectory: '/' },
    logger: silentLogger,
    now: Date.now,
  }).lease();
  const signal = given.deps?.signal ?? new AbortController().signal;
  const scope = { signal, logger: silentLogger, now: Date.now, span: <T>(_: string, work: () => Promise<T>) => work() };
  const run: StepRun = {
    event,
    step: { ...STEP, ...given.step },
    actionner,
    facts: createEventFacts(event, registry, lease, scope),
    lease,
    intent: given.intent,
    kept: given.kept ?? new Map(),
    saveKept: async (n, { name }) => void seen.push(`kept ${n} ${name}`),
    async saveIntent(facts) {
      seen.push(`intent ${JSON.stringify(facts)}`);
      await given.saveIntent?.(facts);
    },
    withdrawIntent: () => void seen.push('withdrawn'),
    started: () => void seen.push('started'),
  };
  const deps: StepDeps = {
    judge: createJudge({ registry, settings: new Map(), observer: { guardVerdict: () => {} } }),
    protects: createProtects(new Map()),
    spool: memorySpool(),
    observe: false,
    brake: { charge: () => undefined, close: async () => {} },
    slots: createSlots(4),
    longSlots: createSlots(4),
    logger: silentLogger,
    now: Date.now,
    attempts: 5,
    signal,
    holds: createHolds(),
    leaving: signal,
    ...given.deps,
  };
  return { outcome: runStep(run, { severity: 0, age: 0 }, deps), seen };
}

function memorySpool(): Spool {
  return {
    async keep(stepId, n, artifact, body) {
      let bytes = 0;
      for await (const chunk of body) bytes += chunk.byteLength;
      const kept: SpooledArtifact = {
        ...artifact,
        file: `${stepId}#${n}`,
        bytes,
        sha256: 'hash',
        truncated: false,
        keptAt: 0,
      };
      return kept;
    },
    open: () => {
      throw new Error('not in these specs');
    },
    remove: async () => {},
    depth: () => ({ bytes: 0, limitBytes: 1, files: 0, limitFiles: 1 }),
  };
}
