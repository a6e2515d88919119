import { PRIORITIES, type Priority } from '@falco-talon/core';
import type { EventView } from '../match/event-view.ts';
import { inOrder } from './decimal.ts';
import { isOneOf, ORDER_OPERATORS, type Comparison } from './expression.ts';

/** `>` means more severe. A word that is none of Falco's priorities is absent. */
export function comparePriority(comparison: Comparison): (view: EventView) => boolean {
  const accepted = prioritiesAccepted(comparison);
  return ({ event }) => event.priority !== undefined && accepted.has(event.priority);
}

export function prioritiesAccepted({ operator, modifier, values }: Comparison): ReadonlySet<Priority> {
  const ranks = values.map((value) => PRIORITIES.indexOf(value as (typeof PRIORITIES)[number]));
  const fits = (rank: number, wanted: number): boolean => {
    if (operator === '!=') return rank !== wanted;
    return isOneOf(ORDER_OPERATORS, operator) ? inOrder(operator, wanted - rank) : rank === wanted;
  };
  return new Set(
    PRIORITIES.filter((_, rank) => {
      const fitting = ranks.filter((wanted) => fits(rank, wanted)).length;
      if (operator === 'exists') return true;
      if (modifier === 'allof') return fitting > 0 && fitting === ranks.length;
      return modifier === 'oneof' ? fitting === 1 : fitting > 0;
    }),
  );
}
