import { prioritiesAccepted } from '../condition/compare-priority.ts';
import { decimalKey, parseDecimal } from '../condition/decimal.ts';
import type { Comparison, Expression } from '../condition/expression.ts';
import type { Match } from '../rules/rule.ts';
import { acceptedPriorities } from '../rules/parse-priority.ts';
import { possibleRules } from './possible-rules.ts';

/** Something an event may have, as the index looks it up: one text in one place. */
export interface Fact {
  readonly slot: Slot;
  readonly value: string;
}
/** A key of the alert, or `[]` and the name of an output field. */
export type Slot = 'rule' | 'priority' | 'source' | 'hostname' | 'tags' | `[]${string}`;

/** The field is there, whatever it holds. No text of an alert can be mistaken for it with any harm: the criteria decide. */
export const PRESENT = '\0present';

/** A number by what it is worth; undefined for what is none. */
export function worthOf(text: string): string | undefined {
  const decimal = parseDecimal(text);
  return decimal && `\0${decimalKey(decimal)}`;
}

/** An event without any of them does not match; none at all: no event does. */
export type AnyOf = readonly Fact[];

/** A need with more facts is left to the criteria: lists that many rules share must not be copied into each. */
const MOST_FACTS = 256;

/**
 * What an event must have to match: some fact of each list. Says too little rather than too much, as the index rests on
 * it; the criteria decide. The most telling come first.
 */
export function neededFacts(match: Match): readonly AnyOf[] {
  const names = possibleRules(match);
  // What the condition says of names alone is in `names`.
  const needs = match.condition ? neededBy(match.condition).filter((facts) => rankOf(facts) > 0) : [];
  if (names) needs.push(factsOf('rule', names));
  if (match.priority) needs.push(factsOf('priority', [...acceptedPriorities(match.priority)]));
  if (match.source !== undefined) needs.push(factsOf('source', [match.source]));
  needs.push(...neededByGroups(match.tags.map((tags) => factsOf('tags', tags))));
  const fields = match.outputFields.map((group) => group.filter(({ operator }) => operator === '='));
  needs.push(
    ...neededByGroups(fields.map((group) => group.flatMap(({ field, value }) => factsOf(`[]${field}`, [value])))),
  );
  return needs.filter(({ length }) => length <= MOST_FACTS).toSorted((a, b) => rankOf(a) - rankOf(b));
}

/** Of an OR of ANDs. */
function neededByGroups(groups: readonly (readonly Fact[])[]): readonly AnyOf[] {
  const [only] = groups;
  if (only && groups.length === 1) return only.map((fact) => [fact]);
  const firsts = groups.map(([first]) => first).filter((first) => first !== undefined);
  return firsts.length > 0 && firsts.length === groups.length ? [firsts] : [];
}

function neededBy(expression: Expression): readonly AnyOf[] {
  switch (expression.kind) {
    case 'comparison': {
      const facts = factsIn(expression);
      return facts ? [facts] : [];
    }
    case 'macro':
      return neededBy(expression.part);
    case 'not':
      return [];
    case 'and':
      return expression.parts.flatMap(neededBy);
    case 'or': {
      const parts = expression.parts.map((part) => neededBy(part).toSorted((a, b) => rankOf(a) - rankOf(b))[0]);
      return parts.every((part) => part !== undefined) ? [parts.flat()] : [];
    }
  }
}

const OWN = ['rule', 'source', 'hostname', 'tags'] as const;

function factsIn(comparison: Comparison): AnyOf | undefined {
  const { operand, operator, modifier, values, other } = comparison;
  const present = operand.kind === 'field' ? factsOf(`[]${operand.name}`, [PRESENT]) : undefined;
  if (operand.transformers.length > 0 || other || values.length > MOST_FACTS) return present;
  if (operand.kind === 'own' && operand.name === 'priority') return factsOf('priority', prioritiesAccepted(comparison));
  if (operator !== '=' && operator !== 'in' && operator !== 'intersects') return present;
  // With a modifier, one of the values must be equal, whichever modifier it is.
  if (modifier !== undefined && values.length === 0) return present;
  if (operand.kind === 'own') {
    const slot = OWN.find((name) => name === operand.name);
    return slot && factsOf(slot, values);
  }
  const worths = values.map(worthOf).filter((worth) => worth !== undefined);
  return factsOf(`[]${operand.name}`, [...values, ...worths]);
}

function factsOf(slot: Slot, values: Iterable<string>): Fact[] {
  return Array.from(values, (value) => ({ slot, value }));
}

/** What tells most events apart comes first: most alerts are of one source, and have most fields. */
const RANKS: readonly string[] = ['rule', '[]', 'tags', 'hostname', 'priority', PRESENT, 'source'];

function rankOf(facts: AnyOf): number {
  return facts.reduce((rank, fact) => Math.max(rank, RANKS.indexOf(kindOf(fact))), 0);
}

function kindOf({ slot, value }: Fact): string {
  if (!slot.startsWith('[]')) return slot;
  return value === PRESENT ? PRESENT : '[]';
}
