import type { Static, TObject } from 'typebox';
import type { Effect, Permission, StepNames } from './actionner.ts';
import type { Reads, Uses } from './client.ts';
import type { FalcoEvent } from './event.ts';
import type { Scope } from './scope.ts';
import type { Target } from './target.ts';

/** What a guard found the target to be part of: budgets are counted by it. */
export interface Subject {
  /** The controller on top: `deployment`, `statefulset`, …; the pod itself when nobody owns it. */
  readonly workload?: Target;
  readonly node?: string;
}

export type Verdict =
  | { readonly kind: 'allow'; readonly subject?: Subject }
  /** Nothing is changed: the step is checked and previewed as in a dry run, and its record says why. */
  | { readonly kind: 'observe'; readonly reason: string }
  | { readonly kind: 'deny'; readonly reason: string }
  /** `until`: milliseconds since the epoch. */
  | { readonly kind: 'hold'; readonly reason: string; readonly until: number };

export interface GuardInput<U extends Uses, S extends TObject = TObject> extends Scope {
  readonly settings: Static<S>;
  readonly event: FalcoEvent;
  readonly step: StepNames;
  readonly target: Target;
  readonly effect: Effect;
  /** True: whatever the verdicts are, nothing will be changed. A budget does not count such a step. */
  readonly dryRun: boolean;
  /**
   * True: guards allowed this step before and it was begun, then the process ended or an answer got lost. What it had come to may
   * be why the target has changed or gone: judge by what you are told, not by how the target looks now.
   */
  readonly resumed: boolean;
  /** What guards asked before this one found; absent when none of them looked. */
  readonly subject?: Subject;
  /** What Falco Talon itself is: objects, and namespaces with all that is in them. As far as its clients know. */
  readonly own: readonly Target[];
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly reads: Reads<U>;
}

/**
 * May say no before an action runs: protection lists, plausibility, budgets. One that throws counts as a no. The engine's
 * own rules are asked first, then the guards of plugins; the first that does not allow decides.
 */
export interface Guard<U extends Uses = Uses, S extends TObject = TObject> {
  readonly kind: 'guard';
  readonly apiVersion: 1;
  readonly name: string;
  readonly description: string;
  readonly uses?: U;
  readonly permissions?: readonly Permission[];
  /** They stand under `guard.<name>`. */
  readonly settings?: S;
  judge(input: GuardInput<U, S>): Promise<Verdict>;
}

export function defineGuard<const U extends Uses = {}, const S extends TObject = TObject>(
  definition: Omit<Guard<U, S>, 'kind' | 'apiVersion'>,
): Guard<U, S> {
  return { ...definition, kind: 'guard', apiVersion: 1 };
}
