import { didYouMean, nearest, oneOf, strictObject, Type, type Issue, type Static } from '@falco-talon/core';
import { BUDGET_SCOPES, matches, type Budget, type BudgetScope, type Registry } from '@falco-talon/engine';

const MOST_BUDGETS = 32;
const DAY = 24 * 60 * 60;

const budget = strictObject({
  per: oneOf(BUDGET_SCOPES, { description: 'What is counted apart.' }),
  limit: Type.Integer({
    minimum: 1,
    maximum: 1000,
    description: 'Actions within the window; the next one is too many.',
  }),
  window_seconds: Type.Number({ minimum: 1, maximum: DAY, description: 'Seconds. An action counts for so long.' }),
  cool_down_seconds: Type.Number({
    minimum: 1,
    maximum: DAY,
    description: 'Seconds. How long actions are only observed when there was one too many.',
  }),
  actionners: Type.Array(
    Type.String({
      minLength: 1,
      pattern: '^(\\*|[a-z0-9-]+:(\\*|[a-z0-9-]+))$',
      form: 'an actionner, category:* or *',
    }),
    {
      default: [],
      maxItems: 100,
      description:
        'Which actions count: full names, or `kubernetes:*` or `*` for all that do more than read. Empty: the destructive ones.',
    },
  ),
});

export const budgetsSchema = Type.Array(budget, {
  default: [],
  maxItems: MOST_BUDGETS,
  description:
    'Budgets of the storm brake: how many actions may change something before the rest is only observed. Empty: no brake.',
});
type WrittenBudgets = Static<typeof budgetsSchema>;

/** What the engine is told. Seconds become milliseconds here. */
export function budgetsOf(written: WrittenBudgets): readonly Budget[] {
  return written.map(({ per, limit, window_seconds: window, cool_down_seconds: coolDown, actionners }) => ({
    per: per as BudgetScope,
    limit,
    window: window * 1000,
    coolDown: coolDown * 1000,
    actionners,
  }));
}

/** A budget nothing counts against would be no brake at all, and nobody would know. */
export function budgetIssues(written: WrittenBudgets, { actionners: known }: Registry): readonly Issue[] {
  const names = [...known.keys()];
  return budgetsOf(written).flatMap((one, n) =>
    one.actionners.flatMap((pattern, index): Issue[] => {
      if (pattern === '*' || names.some((name) => matches(pattern, name))) return [];
      const hint = didYouMean(nearest(pattern, [...names, '*']));
      const message = `no loaded plugin brings an actionner ${JSON.stringify(pattern)}${hint}; without it nothing counts against this budget`;
      return [{ path: ['guard', 'budgets', n, 'actionners', index], message }];
    }),
  );
}
