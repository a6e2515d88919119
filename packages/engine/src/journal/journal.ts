import type { Entry, OutcomeRecord } from '@falco-talon/core';
import type { SpooledArtifact } from '../deliver/spool.ts';
import type { Plan } from '../plan/plan.ts';

/** What is written beside a step's result. */
export interface ResultData {
  readonly record: OutcomeRecord;
  readonly artifacts: readonly SpooledArtifact[];
}

/** What earlier attempts of an event came to, by step. */
export interface Journal {
  readonly plan: Plan | undefined;
  /** Facts of a step that was about to act when the process ended. */
  intent(stepId: string): { readonly facts: Readonly<Record<string, unknown>> } | undefined;
  result(stepId: string): ResultData | undefined;
  /** The upload record of the step's n-th artifact. */
  delivered(stepId: string, n: number): OutcomeRecord | undefined;
  notified(stepId: string, what: Notified): boolean;
  /** Attempts that ended in order, because the process stopped. */
  readonly postponed: number;
}

/** Which of a step's records: the action's own, or that of its n-th artifact. */
export type Notified = 'action' | `output-${number}`;

export const entries = {
  plan: (plan: Plan): Entry => ({ step: '', kind: 'plan', data: plan }),
  intent: (stepId: string, facts: unknown): Entry => ({ step: stepId, kind: 'intent', data: { facts } }),
  result: (stepId: string, data: ResultData): Entry => ({ step: stepId, kind: 'result', data }),
  delivered: (stepId: string, n: number, record: OutcomeRecord): Entry => ({
    step: stepId,
    kind: 'delivered',
    data: { n, record },
  }),
  notified: (stepId: string, what: Notified): Entry => ({ step: stepId, kind: 'notified', data: what }),
  postponed: (reason: string): Entry => ({ step: '', kind: 'postponed', data: { reason } }),
};

export function readJournal(journal: readonly Entry[]): Journal {
  const find = (step: string, kind: Entry['kind']) =>
    journal.findLast((entry) => entry.step === step && entry.kind === kind)?.data;
  return {
    plan: find('', 'plan') as Plan | undefined,
    intent(stepId) {
      const intent = find(stepId, 'intent') as { facts?: Record<string, unknown> } | undefined;
      return intent && { facts: intent.facts ?? {} };
    },
    result: (stepId) => find(stepId, 'result') as ResultData | undefined,
    delivered(stepId, n) {
      const entry = journal.find(
        ({ step, kind, data }) => step === stepId && kind === 'delivered' && (data as { n: number }).n === n,
      );
      return (entry?.data as { record: OutcomeRecord } | undefined)?.record;
    },
    notified: (stepId, what) =>
      journal.some(({ step, kind, data }) => step === stepId && kind === 'notified' && data === what),
    postponed: journal.filter(({ kind }) => kind === 'postponed').length,
  };
}
