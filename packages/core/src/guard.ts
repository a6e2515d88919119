import type { StepNames } from './actionner.ts';
import type { Reads, Uses } from './client.ts';
import type { FalcoEvent } from './event.ts';
import type { Scope } from './scope.ts';
import type { Target } from './target.ts';

export type Verdict =
  | { readonly kind: 'allow' }
  | { readonly kind: 'deny'; readonly reason: string }
  /** `until`: milliseconds since the epoch. */
  | { readonly kind: 'hold'; readonly reason: string; readonly until: number };

export interface GuardInput<U extends Uses> extends Scope {
  readonly event: FalcoEvent;
  readonly step: StepNames;
  readonly target: Target;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly reads: Reads<U>;
}

/** May say no before an action runs: protection lists, plausibility, budgets. One that throws counts as a no. */
export interface Guard<U extends Uses = Uses> {
  readonly kind: 'guard';
  readonly apiVersion: 1;
  readonly name: string;
  readonly description: string;
  readonly uses?: U;
  judge(input: GuardInput<U>): Promise<Verdict>;
}

export function defineGuard<const U extends Uses = {}>(definition: Omit<Guard<U>, 'kind' | 'apiVersion'>): Guard<U> {
  return { ...definition, kind: 'guard', apiVersion: 1 };
}
