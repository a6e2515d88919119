import type { Entry, Status } from '@falco-talon/core';
import { readJournal, type Journal } from './journal.ts';
import type { PlannedStep } from '../plan/plan.ts';

/**
 * How far a step came. `begun`: it was about to act and nobody wrote how that ended. `open`: nothing is known, or that it had no
 * effect; one that may be repeated writes nothing before it acts.
 */
export type StepState = 'open' | 'begun' | Status;

export interface StepAccount {
  readonly id: string;
  readonly rule: string;
  readonly action: string;
  readonly actionner: string;
  readonly dry_run: boolean;
  readonly state: StepState;
  /** What its result says. */
  readonly message?: string;
  /** What was found before it acted. */
  readonly facts?: Readonly<Record<string, unknown>>;
  /** Evidence it has kept, with the outcome of its upload. */
  readonly artifacts: readonly { readonly name: string; readonly file: string; readonly upload: 'missing' | Status }[];
}

export interface Account {
  /** Why the journal cannot be gone on with. */
  readonly problem?: string;
  readonly rules_version?: string;
  /** The plan's steps, in order; absent when nothing was planned yet. */
  readonly steps?: readonly StepAccount[];
}

/** What an event has come to, for people. */
export function accountOf(entries: readonly Entry[]): Account {
  const journal = readJournal(entries);
  if (journal.problem !== undefined) return { problem: journal.problem };
  if (!journal.plan) return {};
  const steps = journal.plan.chains.flatMap((chain) => chain.steps);
  return { rules_version: journal.plan.ruleSet, steps: steps.map((step) => accountOfStep(step, journal)) };
}

function accountOfStep({ id, rule, action, actionner, dryRun }: PlannedStep, journal: Journal): StepAccount {
  const result = journal.result(id);
  const intent = journal.intent(id);
  const { status, result: message, error } = result?.record ?? {};
  const text = error ?? message;
  const artifacts = result?.artifacts ?? [...journal.kept(id).values()];
  return {
    id,
    rule,
    action,
    actionner,
    dry_run: dryRun,
    state: status ?? (intent && !intent.withdrawn ? 'begun' : 'open'),
    ...(text === undefined ? {} : { message: text }),
    ...(intent && Object.keys(intent.facts).length > 0 ? { facts: intent.facts } : {}),
    artifacts: artifacts.map(({ name, file }, n) => ({
      name,
      file,
      upload: journal.delivered(id, n)?.status ?? 'missing',
    })),
  };
}
