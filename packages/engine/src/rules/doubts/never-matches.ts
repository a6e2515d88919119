import { parseDecimal } from '../../condition/decimal.ts';
import type { Comparison } from '../../condition/expression.ts';
import { printOperand } from '../../condition/print-condition.ts';
import { possibleRules } from '../../match/possible-rules.ts';
import { normaliseSource } from '../../match/source.ts';
import { acceptedPriorities } from '../parse-priority.ts';
import type { FieldCriterion, Match } from '../rule.ts';
import { conjuncts, expressionKey, openedConjuncts } from './conjuncts.ts';

/** Why certainly no alert matches; undefined when one may. */
export function neverMatches(match: Match): string | undefined {
  const { rules, priority, source, outputFields } = match;
  if (possibleRules(match)?.size === 0) {
    return `its condition${rules.length > 0 ? ' and its rules ask' : ' asks'} for different Falco rules at once`;
  }
  if (priority && acceptedPriorities(priority).size === 0) {
    return `no priority is ${priority.comparator === '<' ? 'less' : 'more'} severe than ${priority.priority}`;
  }
  const contradictions = outputFields.map(contradiction);
  if (contradictions.length > 0 && contradictions.every((field) => field !== undefined)) {
    return `its output_fields ask for two values of ${contradictions[0]} at once`;
  }
  return contradictoryCondition(match, source);
}

/** The field of which a group of criteria asks what it cannot have at the same time. */
export function contradiction(group: readonly FieldCriterion[]): string | undefined {
  const wanted = new Map<string, string>();
  for (const { field, operator, value } of group) {
    if (operator !== '=') continue;
    if ((wanted.get(field) ?? value) !== value) return field;
    wanted.set(field, value);
  }
  return group.find(({ field, operator, value }) => operator === '!=' && wanted.get(field) === value)?.field;
}

function contradictoryCondition({ condition }: Match, source: string | undefined): string | undefined {
  const parts = openedConjuncts(condition);
  // Of what stands in macros only the comparisons: many rules may share what is large.
  const plain = parts.filter(({ kind }) => kind === 'comparison');
  const keys = new Set([...conjuncts(condition), ...plain].map(expressionKey));
  const negated = parts.flatMap((part) => (part.kind === 'not' ? [part.part] : []));
  if (negated.some((part) => (part.kind === 'comparison' || part.kind === 'macro') && keys.has(expressionKey(part)))) {
    return 'its condition asks for something and its opposite at once';
  }
  const wanted = new Map<string, ReadonlySet<string>>();
  if (source !== undefined) wanted.set('source', new Set([source]));
  for (const part of parts) {
    if (part.kind !== 'comparison' || !asksForTexts(part)) continue;
    const name = printOperand(part.operand);
    const values = new Set(name === 'source' ? part.values.map(normaliseSource) : part.values);
    const both = wanted.get(name)?.intersection(values) ?? values;
    if (both.size === 0) return `its condition asks for two values of ${name} at once`;
    wanted.set(name, both);
  }
  return undefined;
}

/** `=` and `in` with texts only: numbers are equal in more than one spelling. */
function asksForTexts({ operator, modifier, values, other }: Comparison): boolean {
  return (
    (operator === '=' || operator === 'in') &&
    modifier === undefined &&
    other === undefined &&
    values.length <= 100 &&
    values.every((value) => parseDecimal(value) === undefined)
  );
}
