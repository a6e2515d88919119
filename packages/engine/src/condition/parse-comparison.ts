import {
  isOneOf,
  LIST_OPERATORS,
  MODIFIERS,
  ORDER_OPERATORS,
  type Modifier,
  type Operand,
  type Operator,
  type ParsedComparison,
  type Word,
} from './expression.ts';
import { misfitOf, otherMisfit } from './operand-type.ts';
import { takeOther } from './parse-operand.ts';
import { takeOperator } from './parse-operator.ts';
import { takeQuoted } from './quoted-text.ts';
import { ConditionError, found, peek, skipBlank, take, takeText, WORD, type Scanner } from './scanner.ts';

/** Ends at blanks, quotes, parentheses, `=` and `,`, as in Falco. */
const BARE = /[^()"'\s=,]+/y;
const NUMBER = /(?:0[xX][0-9a-fA-F]+|[+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?)(?![^()"'\s=,])/y;
const LIST_NAME = /[A-Za-z]\w*(?![^()"'\s=,])/y;

/** What follows an operand: an operator and what it compares with. */
export function parseComparison(scanner: Scanner, operand: Operand, offset: number): ParsedComparison {
  skipBlank(scanner);
  const operatorOffset = scanner.position;
  const operator = takeOperator(scanner, operand);
  const misfit = misfitOf(operand, operator);
  if (misfit !== undefined) throw new ConditionError(operatorOffset, misfit);
  const base = { kind: 'comparison', operand, operator, offset, operatorOffset } as const;
  if (operator === 'exists') return { ...base, values: [], list: false };
  const modifier = takesModifier(operator) ? takeModifier(scanner) : undefined;
  skipBlank(scanner);
  if (modifier !== undefined) return { ...base, modifier, values: takeList(scanner, modifier), list: true };
  const list = isOneOf(LIST_OPERATORS, operator);
  const other = takeOther(scanner);
  if (other !== undefined) {
    const unfit = otherMisfit({ operand, operator, other });
    if (unfit !== undefined) throw new ConditionError(operatorOffset, unfit);
    return { ...base, values: [], other, list };
  }
  if (list) return { ...base, values: takeList(scanner, operator), list };
  const ordered = isOneOf(ORDER_OPERATORS, operator) && operand.name !== 'priority';
  return { ...base, values: [ordered ? takeNumber(scanner, operator) : takeValue(scanner, operator)], list };
}

function takesModifier(operator: Operator): boolean {
  return !isOneOf(LIST_OPERATORS, operator) && !isOneOf(ORDER_OPERATORS, operator);
}

/** `oneof`, `anyof` and `allof` are values like any other unless a list follows. */
function takeModifier(scanner: Scanner): Modifier | undefined {
  const start = scanner.position;
  skipBlank(scanner);
  const word = take(scanner, WORD);
  if (word !== undefined && isOneOf(MODIFIERS, word) && skipBlank(scanner)) {
    const next = peek(scanner, LIST_NAME);
    const listFollows = next === undefined ? scanner.text[scanner.position] === '(' : !/^(?:and|or|not)$/.test(next);
    if (listFollows) return word;
  }
  scanner.position = start;
  return undefined;
}

function takeList(scanner: Scanner, after: string): Word[] {
  const open = scanner.position;
  if (!takeText(scanner, '(')) return [takeListName(scanner, after)];
  const words: Word[] = [];
  skipBlank(scanner);
  if (takeText(scanner, ')')) return words;
  for (;;) {
    skipBlank(scanner);
    words.push(
      takeWord(scanner) ?? missing(scanner, words.length === 0 ? 'a value or ) after "("' : 'a value after ","'),
    );
    skipBlank(scanner);
    if (takeText(scanner, ')')) return words;
    if (takeText(scanner, ',')) continue;
    const rest = found(scanner);
    throw new ConditionError(
      rest === 'the end' ? open : scanner.position,
      rest === 'the end'
        ? 'this ( has no )'
        : `expected , or ) in the list, found ${rest}; a value with blanks is written in quotes`,
    );
  }
}

function takeListName(scanner: Scanner, after: string): Word {
  const offset = scanner.position;
  const name = take(scanner, LIST_NAME);
  if (name !== undefined && name !== 'and' && name !== 'or' && name !== 'not')
    return { text: name, quoted: false, offset };
  scanner.position = offset;
  return missing(scanner, `a list in parentheses after "${after}"`);
}

function takeNumber(scanner: Scanner, operator: Operator): Word {
  const offset = scanner.position;
  const text = take(scanner, NUMBER);
  if (text !== undefined) return { text, quoted: false, offset };
  const quoted = takeQuoted(scanner) !== undefined;
  scanner.position = offset;
  return missing(scanner, `a number after "${operator}"`, quoted ? '; numbers stand without quotes' : '');
}

function takeValue(scanner: Scanner, operator: Operator): Word {
  const word = takeWord(scanner);
  if (word !== undefined && !isMissing(scanner, word)) return word;
  if (word !== undefined) scanner.position = word.offset;
  const next = scanner.text[scanner.position];
  if (next === '(') return missing(scanner, `one value after "${operator}"`, '; lists are for in and intersects');
  return missing(scanner, `a value after "${operator}"`, next === '=' ? '; a value with = is written in quotes' : '');
}

/** `and`, `or` and `not` are values like any other, as in Falco, but not when a comparison follows. */
function isMissing(scanner: Scanner, { text, quoted }: Word): boolean {
  if (quoted || !/^(?:and|or|not)$/.test(text)) return false;
  return peek(scanner, /[ \t\b\r\n]*(?:[)]|(?:and|or)\b|$)/y) === undefined;
}

function takeWord(scanner: Scanner): Word | undefined {
  const offset = scanner.position;
  const quoted = takeQuoted(scanner);
  if (quoted !== undefined) return { text: quoted, quoted: true, offset };
  const text = take(scanner, BARE);
  if (text === undefined) return undefined;
  const odd = /[“”„‘’‚«»\u200b\ufeff]/u.exec(text);
  if (odd)
    throw new ConditionError(
      offset + odd.index,
      `${odd[0]} is no quote here; write " or ', and put a value that contains it in them`,
    );
  return { text, quoted: false, offset };
}

function missing(scanner: Scanner, what: string, hint = ''): never {
  throw new ConditionError(scanner.position, `expected ${what}, found ${found(scanner)}${hint}`);
}
