import { isOfAttempt, type Entry, type OutcomeRecord } from '@falco-talon/core';
import type { SpooledArtifact } from '../deliver/spool.ts';
import type { Plan } from '../plan/plan.ts';
import { entryProblem } from './entry-shape.ts';

/** What is written beside a step's result. */
export interface ResultData {
  readonly record: OutcomeRecord;
  readonly artifacts: readonly SpooledArtifact[];
}

/** A step was about to act. */
export interface Intent {
  /** What its check had found. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** It is known that nothing it did had an effect: it may be begun, with these facts and an intent of its own. */
  readonly withdrawn?: true;
}

/** What earlier attempts of an event came to, by step. */
export interface Journal {
  /** Why nothing may be done on the strength of it: another version wrote it. */
  readonly problem: string | undefined;
  readonly plan: Plan | undefined;
  /** The last one of a step. */
  intent(stepId: string): Intent | undefined;
  /** Artifacts, by number, of a step that has no result. */
  kept(stepId: string): ReadonlyMap<number, SpooledArtifact>;
  result(stepId: string): ResultData | undefined;
  /** The upload record of the step's n-th artifact. */
  delivered(stepId: string, n: number): OutcomeRecord | undefined;
  notified(stepId: string, what: Notified): boolean;
  /** Attempts that ended in order, because the process stopped. */
  readonly postponed: number;
  /** Attempts after the first one that had begun to act when their process ended. */
  readonly begun: number;
}

/** Which of a step's records: the action's own, or that of its n-th artifact. */
export type Notified = 'action' | `output-${number}`;

export const entries = {
  plan: (plan: Plan): Entry => ({ step: '', kind: 'plan', data: plan }),
  intent: (stepId: string, facts: unknown): Entry => ({ step: stepId, kind: 'intent', data: { facts } }),
  /** Stands behind the intent it is about. An older version does not know the key and sets the event aside. */
  withdrawn: (stepId: string, facts: unknown): Entry => ({
    step: stepId,
    kind: 'intent',
    data: { facts, withdrawn: true },
  }),
  kept: (stepId: string, n: number, artifact: SpooledArtifact): Entry => ({
    step: stepId,
    kind: 'kept',
    data: { n, artifact },
  }),
  result: (stepId: string, data: ResultData): Entry => ({ step: stepId, kind: 'result', data }),
  delivered: (stepId: string, n: number, record: OutcomeRecord): Entry => ({
    step: stepId,
    kind: 'delivered',
    data: { n, record },
  }),
  notified: (stepId: string, what: Notified): Entry => ({ step: stepId, kind: 'notified', data: what }),
  begun: (): Entry => ({ step: '', kind: 'begun', data: {} }),
  postponed: (reason: string): Entry => ({ step: '', kind: 'postponed', data: { reason } }),
};

/** Indexed once: an event that many rules match has thousands of entries, and each of its steps asks. */
export function readJournal(journal: readonly Entry[]): Journal {
  const last = new Map<string, unknown>();
  const kept = new Map<string, Map<number, SpooledArtifact>>();
  for (const { step, kind, data } of journal) {
    last.set(keyOf(step, kind), data);
    if (kind === 'delivered') last.set(keyOf(step, kind, (data as { n?: unknown } | null)?.n), data);
    if (kind === 'kept') noteKept(kept, step, data);
    if (kind === 'notified') last.set(keyOf(step, kind, data), true);
  }
  return {
    problem: firstProblem(journal),
    plan: last.get(keyOf('', 'plan')) as Plan | undefined,
    intent(stepId) {
      const intent = last.get(keyOf(stepId, 'intent')) as Partial<Intent> | undefined;
      return intent && { facts: intent.facts ?? {}, ...(intent.withdrawn === true && { withdrawn: true }) };
    },
    kept: (stepId) => kept.get(stepId) ?? new Map(),
    result: (stepId) => last.get(keyOf(stepId, 'result')) as ResultData | undefined,
    delivered: (stepId, n) =>
      (last.get(keyOf(stepId, 'delivered', n)) as { record: OutcomeRecord } | undefined)?.record,
    notified: (stepId, what) => last.has(keyOf(stepId, 'notified', what)),
    postponed: journal.filter(({ kind }) => kind === 'postponed').length,
    begun: begunAttempts(journal),
  };
}

/** One that was postponed afterwards ended in order. */
function begunAttempts(journal: readonly Entry[]): number {
  const attempts = journal.filter(isOfAttempt);
  return attempts.filter(({ kind }, n) => kind === 'begun' && attempts[n + 1]?.kind !== 'postponed').length;
}

function noteKept(kept: Map<string, Map<number, SpooledArtifact>>, step: string, data: unknown): void {
  const { n, artifact } = (data ?? {}) as { n?: number; artifact?: SpooledArtifact };
  // One that cannot be read is the journal's `problem`.
  if (n === undefined || artifact === undefined) return;
  kept.set(step, (kept.get(step) ?? new Map<number, SpooledArtifact>()).set(n, artifact));
}

function keyOf(step: string, kind: Entry['kind'], part?: unknown): string {
  return JSON.stringify([step, kind, part]);
}

function firstProblem(journal: readonly Entry[]): string | undefined {
  for (const entry of journal) {
    const problem = entryProblem(entry);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
