import type { Effect } from '@falco-talon/core';

/** What a budget counts apart. */
export const BUDGET_SCOPES = ['rule', 'workload', 'namespace', 'node', 'cluster'] as const;
export type BudgetScope = (typeof BUDGET_SCOPES)[number];

/** So many actions within a time; the one beyond engages the brake for `coolDown`. Times in milliseconds. */
export interface Budget {
  readonly per: BudgetScope;
  readonly limit: number;
  readonly window: number;
  readonly coolDown: number;
  /** `kubernetes:terminate`, `kubernetes:*` or `*`, the last two without what only reads. Empty: the destructive ones. */
  readonly actionners: readonly string[];
}

/** The same as long as nobody changes the budget: a changed one starts anew. */
export function budgetIdentity({ per, limit, window, coolDown, actionners }: Budget): string {
  return JSON.stringify([per, limit, window, coolDown, actionners]);
}

/** What only reads counts where it is named in full. */
export function covers({ actionners }: Budget, name: string, { destructive, readOnly }: Effect): boolean {
  if (actionners.length === 0) return destructive;
  return actionners.includes(name) || (!readOnly && actionners.some((pattern) => matches(pattern, name)));
}

/** `kubernetes:*` and `*`: nothing else can be meant. */
export function matches(pattern: string, name: string): boolean {
  return pattern === '*' || (pattern.endsWith(':*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name);
}
