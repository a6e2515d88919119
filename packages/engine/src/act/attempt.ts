import {
  TalonError,
  targetText,
  type Actionner,
  type Artifact,
  type FalcoEvent,
  type KeptArtifact,
  type Scope,
} from '@falco-talon/core';
import type { ClientLease } from '../clients/client-pool.ts';
import type { Spool, SpooledArtifact } from '../deliver/spool.ts';
import type { EventFacts } from '../enrich/event-facts.ts';
import { tokensOf } from '../enrich/tokens.ts';
import { judge } from '../guard/judge.ts';
import type { PlannedStep } from '../plan/plan.ts';
import { successOf, type Outcome } from '../record/outcome.ts';
import type { Registry } from '../registry/registry.ts';
import { checkRequiredFields } from './required-fields.ts';

/** One step of one event, and what its attempts share. */
export interface StepRun {
  readonly event: FalcoEvent;
  readonly step: PlannedStep;
  readonly actionner: Actionner;
  readonly facts: EventFacts;
  readonly lease: ClientLease;
  /** Set once the step was about to act, by this process or the one before a crash. */
  intent: { readonly facts: Readonly<Record<string, unknown>> } | undefined;
  /** Makes the intent durable. */
  saveIntent(facts: Readonly<Record<string, unknown>>): Promise<void>;
  /** The first call out is about to be made. */
  started(): void;
}

export interface AttemptDeps {
  readonly registry: Registry;
  readonly spool: Spool;
}

/** A guard wants the step to wait until then (milliseconds since the epoch). */
export interface Held {
  readonly until: number;
  readonly reason: string;
}

/**
 * One attempt: checks, then either the preview of a dry run or the action itself.
 * @throws TalonError
 */
export async function attemptStep(
  run: StepRun,
  attempt: number,
  scope: Scope,
  { registry, spool }: AttemptDeps,
): Promise<Outcome | Held> {
  const { event, step, actionner } = run;
  const { parameters } = step;
  const names = { id: step.id, rule: step.rule, action: step.action, actionner: step.actionner };
  checkRequiredFields(actionner, event);
  const target = actionner.target({ event, parameters });
  run.started();
  if (target && !run.intent) {
    const verdict = await judge({ event, step: names, target, parameters }, registry, run.facts, scope);
    if (verdict.kind === 'hold') return verdict;
    if (verdict.kind === 'deny') return ignored(`${targetText(target)} was not touched: ${verdict.reason}`);
  }
  const contexts = await run.facts.contexts(step.contexts, scope);
  const uses = actionner.uses ?? {};
  const reads = await run.facts.reads(uses, scope, attempt > 1);
  const read = { ...scope, event, parameters, step: names, reads };

  let facts: Readonly<Record<string, unknown>>;
  if (run.intent) {
    facts = run.intent.facts;
    const settled = await (actionner.settled?.({ ...read, facts }) ?? (actionner.idempotent ? 'again' : 'unknown'));
    if (settled === 'done') return { status: 'success', message: 'done by an earlier attempt', objects: objectsOf(target), artifacts: [] };
    if (settled === 'unknown') throw unknownOutcome();
  } else {
    const checked = (await actionner.check?.(read)) ?? { facts: {} };
    if ('ignored' in checked) return ignored(checked.ignored);
    facts = checked.facts;
    if (step.dryRun) return dryRun((await actionner.preview?.({ ...read, facts })) ?? `would run ${step.actionner} with ${JSON.stringify(parameters)}`);
    if (!actionner.idempotent) {
      await run.saveIntent(facts);
      run.intent = { facts };
    }
  }

  const artifacts: SpooledArtifact[] = [];
  const result = await actionner.run({
    ...read,
    facts,
    clients: await run.lease.all(uses),
    tokens: () => tokensOf(event, step, contexts),
    hasOutput: step.output !== undefined,
    keep: async (artifact: Artifact, body: AsyncIterable<Uint8Array>): Promise<KeptArtifact> => {
      if (!step.output) throw new TalonError('plugin_failed', `${step.actionner} kept an artifact although the action has no output`);
      const kept = await spool.keep(step.id, artifacts.length, artifact, body, scope.signal);
      artifacts.push(kept);
      return { bytes: kept.bytes, sha256: kept.sha256, truncated: kept.truncated };
    },
  });
  return successOf(result, artifacts);
}

function ignored(reason: string): Outcome {
  return { status: 'ignored', message: reason, objects: {}, artifacts: [] };
}

function dryRun(preview: string): Outcome {
  return { status: 'dry_run', message: preview, objects: {}, artifacts: [] };
}

function objectsOf(target: ReturnType<Actionner['target']>): Record<string, string> {
  if (!target) return {};
  return { [target.kind]: target.name, ...(target.namespace !== undefined && { namespace: target.namespace }) };
}

function unknownOutcome(): TalonError {
  return new TalonError(
    'outcome_unknown',
    'an earlier attempt was interrupted while acting; nobody can tell whether it had its effect, so it is not repeated',
  );
}
