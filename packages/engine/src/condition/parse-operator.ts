import { didYouMean, nearest } from '@falco-talon/core';
import { isOneOf, LIST_OPERATORS, ORDER_OPERATORS, TEXT_OPERATORS, type Operand, type Operator } from './expression.ts';
import { printOperand } from './print-condition.ts';
import { ConditionError, found, skipBlank, take, WORD, type Scanner } from './scanner.ts';

const WORDS = ['exists', ...LIST_OPERATORS, ...TEXT_OPERATORS] as const;
const SYMBOLS = ['=', '!=', ...ORDER_OPERATORS] as const;
const ALL = [...SYMBOLS, ...WORDS].join(' ');

/** In Falco, but about what only it has. */
const FALCO_ONLY: ReadonlyMap<string, string> = new Map([
  ['bcontains', 'it compares raw bytes, which alerts do not carry'],
  ['bstartswith', 'it compares raw bytes, which alerts do not carry'],
]);

/** What people write who come from other languages. */
const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ['~', 'regex'],
  ['=~', 'regex'],
  ['~=', 'regex'],
  ['!', '!=, or not before the field'],
  ['!~', 'regex, with not before the field'],
  ['<>', '!='],
  ['===', '='],
  ['!==', '!='],
  ['=<', '<='],
  ['=>', '>='],
  ['is', '='],
  ['eq', '='],
  ['equals', '='],
  ['ne', '!='],
  ['like', 'glob'],
  ['matches', 'regex'],
  ['match', 'regex'],
  ['has', 'contains'],
]);

/**
 * In `evt.dir=<` the `<` is the value, since none follows.
 * @throws ConditionError naming what stands there instead of an operator
 */
export function takeOperator(scanner: Scanner, operand: Operand): Operator {
  const start = scanner.position;
  const symbol = take(scanner, /(?:==|!=|=)(?=[<>](?:[ \t\b\r\n]*(?:[)]|(?:and|or)\b|$)))|[<>=!~]+/y);
  if (symbol === '==') return '=';
  if (symbol !== undefined && isOneOf(SYMBOLS, symbol)) return symbol;
  if (symbol !== undefined) throw new ConditionError(start, unknown(symbol));
  const word = take(scanner, WORD);
  if (word === undefined) {
    throw new ConditionError(
      start,
      `expected an operator after ${printOperand(operand)}, found ${found(scanner)} (operators: ${ALL})`,
    );
  }
  if (!isOneOf(WORDS, word))
    throw new ConditionError(start, word === 'not' ? notBefore(scanner, operand) : unknown(word));
  if (isOneOf(TEXT_OPERATORS, word) && !' \t\b\r\n'.includes(scanner.text[scanner.position] ?? ' ')) {
    throw new ConditionError(scanner.position, `expected a blank after "${word}", found ${found(scanner)}`);
  }
  return word;
}

function notBefore(scanner: Scanner, operand: Operand): string {
  skipBlank(scanner);
  const next = take(scanner, WORD) ?? 'in';
  return `not stands before the field: not ${printOperand(operand)} ${next} …`;
}

function unknown(word: string): string {
  const reason = FALCO_ONLY.get(word);
  if (reason !== undefined) return `${word} is an operator of Falco that Falco Talon does not have: ${reason}`;
  const lower = word.toLowerCase();
  const hint = ELSEWHERE.get(lower) ?? (isOneOf(WORDS, lower) ? lower : nearest(word, WORDS));
  return `${JSON.stringify(word)} is not an operator${didYouMean(hint)} (operators: ${ALL})`;
}
