import type { Comparison, Expression } from '../../condition/expression.ts';
import { ruleNamesOf } from '../../condition/rule-names.ts';
import { possibleRules } from '../../match/possible-rules.ts';
import { acceptedPriorities } from '../parse-priority.ts';
import type { FieldCriterion, Match, PriorityCriterion } from '../rule.ts';
import { conjuncts, expressionKey } from './conjuncts.ts';

/** Groups to compare with each other before it is given up to tell. */
const PAIRS_LIMIT = 1_000;

/** A match as far as it can be compared with others. */
export interface Comparable {
  readonly match: Match;
  /** It matches no alert of another Falco rule; undefined: of any. */
  readonly names: ReadonlySet<string> | undefined;
  /** What the condition asks for beside names of Falco's rules. */
  readonly conditions: ReadonlySet<string>;
}

export function comparable(match: Match): Comparable {
  const parts = conjuncts(match.condition).filter((part) => !asksForNamesOnly(part));
  return { match, names: possibleRules(match), conditions: new Set(parts.map(expressionKey)) };
}

/** Whether it says exactly as much as the names of Falco's rules that can be read from it. */
function asksForNamesOnly(part: Expression): part is Comparison {
  return (
    part.kind === 'comparison' &&
    part.modifier === undefined &&
    part.operator !== 'intersects' &&
    ruleNamesOf(part) !== undefined
  );
}

/**
 * True when certainly every alert that matches `narrow` matches `wide`, but for the names of Falco's rules.
 * False when it may be otherwise, or would take long to tell.
 */
export function implies(narrow: Comparable, wide: Comparable): boolean {
  const { priority, source, tags, outputFields } = wide.match;
  return (
    (source === undefined || narrow.match.source === source) &&
    (priority === undefined || isWithin(narrow.match.priority, priority)) &&
    wide.conditions.isSubsetOf(narrow.conditions) &&
    groupsImply(narrow.match.tags, tags, (tag) => tag) &&
    groupsImply(narrow.match.outputFields, outputFields, fieldKey)
  );
}

export function fieldKey({ field, operator, value }: FieldCriterion): string {
  return JSON.stringify([field, operator, value]);
}

function isWithin(narrow: PriorityCriterion | undefined, wide: PriorityCriterion): boolean {
  return narrow !== undefined && acceptedPriorities(narrow).isSubsetOf(acceptedPriorities(wide));
}

/** Each group of the one has everything that some group of the other asks for. */
function groupsImply<T>(
  narrow: readonly (readonly T[])[],
  wide: readonly (readonly T[])[],
  keyOf: (item: T) => string,
): boolean {
  if (wide.length === 0) return true;
  if (narrow.length === 0 || narrow.length * wide.length > PAIRS_LIMIT) return false;
  const groups = wide.map((group) => group.map(keyOf));
  return narrow.every((group) => {
    const keys = new Set(group.map(keyOf));
    return groups.some((other) => other.every((key) => keys.has(key)));
  });
}
