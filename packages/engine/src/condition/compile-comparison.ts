import type { EventView } from '../match/event-view.ts';
import { comparePriority } from './compare-priority.ts';
import { compareDecimals, decimalKey, inOrder, parseDecimal } from './decimal.ts';
import type { Comparison, Modifier, Operand, Operator, ORDER_OPERATORS } from './expression.ts';
import { compilePaths } from './path-test.ts';
import type { TextTest } from './regex.ts';
import { compileTextTest } from './text-test.ts';
import { compileOperand, foldCase, isSet, textOf, type Value } from './value.ts';

export type Test = (view: EventView) => boolean;
type ValueTest = (value: Value) => boolean;

/** An absent value makes every comparison false, `!=` too. A list is compared by `in`, `intersects` and `exists` only. */
export function compileComparison(comparison: Comparison): Test {
  if (comparison.operand.kind === 'own' && comparison.operand.name === 'priority') return comparePriority(comparison);
  const { operand, operator, modifier, values, other } = withFoldedCase(comparison);
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

type CasedOperator = Exclude<Operator, 'icontains' | 'iglob'>;

/** The letters of a text are folded once per alert, however many rules ask. */
function withFoldedCase({ operator, ...rest }: Comparison): Omit<Comparison, 'operator'> & { operator: CasedOperator } {
  if (operator !== 'icontains' && operator !== 'iglob') return { ...rest, operator };
  const fold = (operand: Operand): Operand => ({ ...operand, transformers: [...operand.transformers, 'tolower'] });
  return {
    ...rest,
    operator: operator === 'icontains' ? 'contains' : 'glob',
    operand: fold(rest.operand),
    values: rest.values.map(foldCase),
    ...(rest.other && { other: fold(rest.other) }),
  };
}

function compileModified(modifier: Modifier, operator: CasedOperator, values: readonly string[]): ValueTest {
  const tests = values.map((value) => compileTest(operator, [value]));
  if (modifier === 'anyof') return (value) => tests.some((test) => test(value));
  if (modifier === 'allof') return (value) => tests.length > 0 && tests.every((test) => test(value));
  return (value) => tests.filter((test) => test(value)).length === 1;
}

function compileTest(operator: CasedOperator, values: readonly string[]): ValueTest {
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
    case 'pmatch':
      return onText(compilePaths(values));
    case '<':
    case '<=':
    case '>':
    case '>=':
      return compileOrder(operator, values[0]!);
    default:
      return onText(compileTextTest(operator, values[0]!));
  }
}

/** A list that many rules name is one array and becomes one set. */
const sets = new WeakMap<readonly string[], ReadonlySet<string>>();

function setOf(values: readonly string[]): ReadonlySet<string> {
  const set = sets.get(values) ?? new Set(values);
  sets.set(values, set);
  return set;
}

function onText(test: TextTest): ValueTest {
  return (value) => {
    const text = textOf(value);
    return text !== undefined && test(text);
  };
}

/** Texts letter by letter; numbers by what they are worth, with every digit. */
function compileEqual(values: readonly string[]): ValueTest {
  const texts = setOf(values);
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
  const wanted = setOf(values);
  const equal = compileEqual(values);
  return (value) => {
    if (!isSet(value)) return equal(value);
    return operator === 'in' ? value.isSubsetOf(wanted) : !value.isDisjointFrom(wanted);
  };
}

/** Numbers, and texts that are numbers, by what they are worth; other texts by their characters, as Falco does. */
function compileOrder(operator: (typeof ORDER_OPERATORS)[number], wanted: string): ValueTest {
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
