import { PRIORITIES } from '@falco-talon/core';
import type { EventView } from '../match/event-view.ts';
import { compareDecimals, decimalKey, parseDecimal } from './decimal.ts';
import type { Comparison, Modifier, Operator } from './expression.ts';
import { compileTextTest, isTextOperator } from './text-test.ts';
import { compileOperand, isSet, textOf, type Value } from './value.ts';

export type Test = (view: EventView) => boolean;
type ValueTest = (value: Value) => boolean;

/** An absent value makes every comparison false, `!=` too. A list is compared by `in`, `intersects` and `exists` only. */
export function compileComparison(comparison: Comparison): Test {
  const { operand, operator, modifier, values, other } = comparison;
  if (operand.kind === 'own' && operand.name === 'priority') return comparePriority(comparison);
  const read = compileOperand(operand);
  if (other) {
    const readOther = compileOperand(other);
    return (view) => {
      const right = readOther(view);
      if (right === undefined) return false;
      if (isSet(right))
        return (operator === 'in' || operator === 'intersects') && compileSet(operator, [...right])(read(view));
      return compileTest(operator, [textOf(right)!])(read(view));
    };
  }
  const test = modifier === undefined ? compileTest(operator, values) : compileModified(modifier, operator, values);
  return (view) => test(read(view));
}

function compileModified(modifier: Modifier, operator: Operator, values: readonly string[]): ValueTest {
  const tests = values.map((value) => compileTest(operator, [value]));
  if (modifier === 'anyof') return (value) => tests.some((test) => test(value));
  if (modifier === 'allof') return (value) => tests.length > 0 && tests.every((test) => test(value));
  return (value) => tests.filter((test) => test(value)).length === 1;
}

function compileTest(operator: Operator, values: readonly string[]): ValueTest {
  switch (operator) {
    case 'exists':
      return (value) => value !== undefined;
    case '=':
      return compileEqual(values);
    case '!=': {
      const equal = compileEqual(values);
      return (value) => value !== undefined && !isSet(value) && !equal(value);
    }
    case 'in':
    case 'intersects':
      return compileSet(operator, values);
    default:
      if (isTextOperator(operator)) {
        const test = compileTextTest(operator, values[0]!);
        return (value) => {
          const text = textOf(value);
          return text !== undefined && test(text);
        };
      }
      return compileOrder(operator, values[0]!);
  }
}

/** Texts letter by letter; numbers by what they are worth, with every digit. */
function compileEqual(values: readonly string[]): ValueTest {
  const texts = new Set(values);
  let keys: Set<string> | undefined;
  return (value) => {
    if (typeof value === 'string') return texts.has(value);
    const text = textOf(value);
    if (text === undefined) return false;
    if (texts.has(text)) return true;
    keys ??= new Set(values.map(keyOf).filter((key) => key !== undefined));
    return keys.size > 0 && keys.has(keyOf(text)!);
  };
}

function keyOf(text: string): string | undefined {
  const decimal = parseDecimal(text);
  return decimal && decimalKey(decimal);
}

/** A list is `in` another when all its members are, and intersects it when any is. */
function compileSet(operator: 'in' | 'intersects', values: readonly string[]): ValueTest {
  const wanted = new Set(values);
  const equal = compileEqual(values);
  return (value) => {
    if (!isSet(value)) return equal(value);
    return operator === 'in' ? value.isSubsetOf(wanted) : !value.isDisjointFrom(wanted);
  };
}

/** Numbers, and texts that are numbers, by what they are worth; other texts by their characters, as Falco does. */
function compileOrder(operator: Operator, wanted: string): ValueTest {
  const limit = parseDecimal(wanted);
  const simple = /^[+-]?\d{1,15}$/.test(wanted) ? Number(wanted) : undefined;
  return (value) => {
    if (typeof value === 'number' && simple !== undefined) return inOrder(operator, value - simple);
    const text = textOf(value);
    if (text === undefined) return false;
    const decimal = parseDecimal(text);
    if (decimal && limit) return inOrder(operator, compareDecimals(decimal, limit));
    return typeof value === 'string' && inOrder(operator, text < wanted ? -1 : text === wanted ? 0 : 1);
  };
}

function inOrder(operator: Operator, difference: number): boolean {
  if (difference === 0) return operator === '<=' || operator === '>=';
  return operator.startsWith(difference < 0 ? '<' : '>');
}

/** `>` means more severe. A word that is none of Falco's priorities is absent. */
function comparePriority({ operator, modifier, values }: Comparison): Test {
  const ranks = values.map((value) => PRIORITIES.indexOf(value as (typeof PRIORITIES)[number]));
  const fits = (rank: number, wanted: number): boolean => {
    if (operator === 'exists') return true;
    if (operator === '!=') return rank !== wanted;
    if (operator === '=' || operator === 'in' || operator === 'intersects') return rank === wanted;
    return inOrder(operator, wanted - rank);
  };
  const accepted = new Set(
    PRIORITIES.filter((_, rank) => {
      const fitting = ranks.filter((wanted) => fits(rank, wanted)).length;
      if (operator === 'exists') return true;
      if (modifier === 'allof') return fitting > 0 && fitting === ranks.length;
      return modifier === 'oneof' ? fitting === 1 : fitting > 0;
    }),
  );
  return ({ event }) => event.priority !== undefined && accepted.has(event.priority);
}
