import {
  TalonError,
  targetText,
  type Actionner,
  type Artifact,
  type FalcoEvent,
  type KeptArtifact,
  type MayAct,
  type Scope,
  type Subject,
  type Target,
  type Tenure,
} from '@falco-talon/core';
import type { ClientLease } from '../clients/client-pool.ts';
import type { Spool, SpooledArtifact } from '../deliver/spool.ts';
import type { EventFacts } from '../enrich/event-facts.ts';
import { tokensOf } from '../enrich/tokens.ts';
import type { Brake } from '../guard/brake/brake.ts';
import { effectOf } from '../guard/effect.ts';
import type { Judge } from '../guard/judge.ts';
import type { Protects } from '../guard/protection.ts';
import type { Intent } from '../journal/journal.ts';
import type { PlannedStep } from '../plan/plan.ts';
import { successOf, type Objects, type Outcome } from '../record/outcome.ts';
import { stateOf } from './earlier-attempt.ts';
import { checkRequiredFields } from './required-fields.ts';

/** What `check` found. */
type Facts = Readonly<Record<string, unknown>>;

/** One step of one event, and what its attempts share. */
export interface StepRun {
  readonly event: FalcoEvent;
  readonly step: PlannedStep;
  readonly actionner: Actionner;
  readonly facts: EventFacts;
  readonly lease: ClientLease;
  /**
   * Set once the step was about to act, by this process or the one before a crash. A repeat acts on these facts, so that
   * it cannot hit what took the target's place.
   */
  intent: Intent | undefined;
  /** Makes the intent durable. */
  saveIntent(facts: Facts): Promise<void>;
  /** The step goes on later, and would be repeated here: each of its attempts is known to have had no effect. */
  withdrawIntent(): void;
  /** Artifacts, by number, that the process before a crash had safe on disk. */
  readonly kept: ReadonlyMap<number, SpooledArtifact>;
  /** Notes that an artifact is safe on disk, so that a crash before the step's result does not lose it. Never rejects. */
  saveKept(n: number, artifact: SpooledArtifact): Promise<void>;
  /** The first call out is about to be made. */
  started(): void;
}

/** What the attempts of a step hand to each other. */
export interface Progress {
  /** There was an attempt before: guards and checks look again. */
  repeated: boolean;
  /** `run` was begun in this process. */
  acted: boolean;
  /** `run` was begun, and how that ended is not known yet. */
  running: boolean;
  /** Nobody can tell whether an earlier attempt had its effect. */
  uncertain: boolean;
  /** By number; a repeat replaces the artifact of the same number. */
  readonly artifacts: Map<number, SpooledArtifact>;
}

export interface AttemptDeps {
  /** True: every step is a dry run, whatever was planned: a stop of all acting holds for what was begun before it, too. */
  readonly observe: boolean;
  readonly judge: Judge;
  readonly protects: Protects;
  readonly spool: Spool;
  readonly brake: Brake;
  /** How long this replica may act. Absent: no other one does. */
  readonly tenure?: Tenure | undefined;
}

/** A guard wants the step to wait until then (milliseconds since the epoch). */
export interface Held {
  readonly until: number;
  readonly reason: string;
}

/**
 * One attempt: what an earlier one has done, guards, checks, then either the preview of a dry run or the action itself. One that
 * was left behind at its time limit may go on reading, but changes nothing any more: its clients ask before each request.
 * @throws whatever a plugin throws
 */
export async function attemptStep(
  run: StepRun,
  progress: Progress,
  scope: Scope,
  { observe, judge, protects, spool, brake, tenure }: AttemptDeps,
): Promise<Outcome | Held> {
  const { event, step, actionner } = run;
  const { parameters } = step;
  const dryRun = step.dryRun || observe;
  const names = { id: step.id, rule: step.rule, action: step.action, actionner: step.actionner };
  checkRequiredFields(actionner, event);
  const target = actionner.target({ event, parameters });
  const objects = targetObjects(target);
  if (progress.repeated) run.facts.forget();
  else run.started();
  const uses = actionner.uses ?? {};
  const [reads, own] = await Promise.all([run.facts.reads(uses), run.facts.own([uses])]);
  const whyProtected = (object: Target) => protects(actionner, own, object);
  const read = { ...scope, event, parameters, step: names, reads, whyProtected };

  // What an earlier attempt has done stays done, whatever guards say of it now.
  const resumed = run.intent && (await stateOf(run, run.intent, progress, read));
  const begun = resumed !== undefined && run.intent?.withdrawn !== true;
  if (resumed?.done) {
    return { ...ended('success', 'done by an earlier attempt', objects), artifacts: keptBefore(progress) };
  }
  let observed = '';
  let subject: Subject | undefined;
  if (target) {
    const judged = { event, step: names, actionner, target, parameters, dryRun, resumed: begun };
    const verdict = await judge(judged, run.facts, scope);
    const untouched = `${targetText(target)} was not touched${begun ? ' any more' : ''}`;
    if (verdict.kind === 'deny') return ended('ignored', `${untouched}: ${verdict.reason}`, objects);
    if (verdict.kind === 'hold') return dryRun ? ended('dry_run', `would wait: ${verdict.reason}`, objects) : verdict;
    if (verdict.kind === 'observe') observed = `${untouched}: ${verdict.reason}; `;
    if (verdict.kind === 'allow') subject = verdict.subject;
  }
  const contexts = await run.facts.contexts(step.contexts);
  const checked = resumed ?? (await actionner.check?.(read)) ?? { facts: {} };
  if ('ignored' in checked) return ended('ignored', checked.ignored, objects);
  const facts = checked.facts ?? {};
  if (dryRun || observed !== '') return ended('dry_run', `${observed}${await wouldDo(facts)}`, objects);
  if (!begun && !progress.acted) {
    // The last word before something changes, so that only what does is counted. A repeat of what has begun goes on.
    const subjectOf = { event, step: names, target, subject };
    const braked = brake.charge({ ...subjectOf, effect: effectOf(actionner), notifiers: step.notifiers });
    if (braked !== undefined)
      return { ...ended('dry_run', `${braked}; ${await wouldDo(facts)}`, objects), quiet: true };
  }
  const mayAct: MayAct = (effect) => {
    tenure?.check();
    if (effect !== 'ends') scope.signal.throwIfAborted();
  };
  const clients = await run.lease.all(uses, mayAct);
  mayAct();
  if (!actionner.idempotent && (!run.intent || run.intent.withdrawn)) {
    await run.saveIntent(facts);
    run.intent = { facts };
    mayAct();
  }

  // Nothing may come between the last look and this: until here it is certain that nothing was changed.
  progress.acted = true;
  progress.running = true;
  // What a crash left is not replaced: it is of the moment of the alert.
  let number = Math.max(-1, ...run.kept.keys()) + 1;
  const result = await actionner.run({
    ...read,
    facts,
    clients,
    tokens: () => tokensOf(event, step, contexts),
    hasOutput: step.output !== undefined,
    keep: async (artifact: Artifact, body: AsyncIterable<Uint8Array>): Promise<KeptArtifact> => {
      if (!step.output)
        throw new TalonError('plugin_failed', `${step.actionner} kept an artifact although the action has no output`);
      const n = number++;
      const kept = await spool.keep(step.id, n, artifact, body, scope.signal);
      progress.artifacts.set(n, kept);
      await run.saveKept(n, kept);
      return { bytes: kept.bytes, sha256: kept.sha256, truncated: kept.truncated };
    },
  });
  return successOf(result, objects, keptBefore(progress));

  async function wouldDo(found: Facts): Promise<string> {
    const preview = await actionner.preview?.({ ...read, facts: found });
    return preview ?? `would run ${step.actionner} with ${JSON.stringify(parameters)}`;
  }
}

function ended(status: Outcome['status'], message: string, objects: Objects): Outcome {
  return { status, message: String(message), objects, artifacts: [] };
}

/** In the order they were begun, earlier attempts included: evidence of an attempt that failed later is evidence too. */
export function keptBefore({ artifacts }: Progress): readonly SpooledArtifact[] {
  return [...artifacts].toSorted(([a], [b]) => a - b).map(([, artifact]) => artifact);
}

/** What a record names when the actionner did not say what it acted on. */
export function targetObjects(target: ReturnType<Actionner['target']>): Objects {
  if (!target) return {};
  return { [target.kind]: target.name, ...(target.namespace !== undefined && { namespace: target.namespace }) };
}
