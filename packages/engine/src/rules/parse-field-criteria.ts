import type { FieldCriterion } from './rule.ts';

/** Why a text is no list of criteria, and which part of it is to blame. */
export class CriteriaError extends Error {
  readonly offset: number;
  readonly length: number;

  constructor(message: string, offset: number, end: number) {
    super(message);
    this.offset = offset;
    this.length = Math.max(1, end - offset);
  }
}

const EXAMPLE = 'k8s.ns.name!=kube-system, proc.name=bash';
const ELSEWHERE = '; more can be said under match.condition';

/**
 * `k8s.ns.name!=kube-system, proc.cmdline="sh -c 'a, b'"`: criteria with `=` or `!=`, separated by commas.
 *
 * A field ends at the first operator outside brackets. A field or value in single or double quotes is taken as it is;
 * inside, `\` stands before a quote or another `\`. A value without quotes ends at the next comma.
 * @throws CriteriaError
 */
export function parseFieldCriteria(text: string): FieldCriterion[] {
  const criteria: FieldCriterion[] = [];
  let position = 0;
  do {
    const field = readField(text, position);
    const value = readValue(text, field.end, field.name);
    criteria.push({ field: field.name, operator: field.operator, value: value.text });
    position = value.end;
  } while (text[position - 1] === ',' && position <= text.length);
  return criteria;
}

export function fieldCriteriaText(criteria: readonly FieldCriterion[]): string {
  return criteria.map(({ field, operator, value }) => `${fieldName(field)}${operator}${fieldValue(value)}`).join(', ');
}

function readField(text: string, from: number): { name: string; operator: '=' | '!='; end: number } {
  const start = skipSpaces(text, from);
  const quoted = readQuoted(text, start);
  let end = quoted?.end ?? start;
  if (quoted) end = skipSpaces(text, end);
  else
    while (end < text.length && !'=,'.includes(text[end]!))
      end = text[end] === '[' ? closingBracket(text, end) : end + 1;

  let nameEnd = end;
  let operator: '=' | '!=' = '=';
  if (quoted && text.startsWith('!=', end)) end += 1;
  if (text[end] === '=' && text[end - 1] === '!') {
    operator = '!=';
    nameEnd = end - 1;
  }
  const name = quoted?.text ?? text.slice(start, nameEnd).trimEnd();
  if (text[end] !== '=') {
    const part = text.slice(start, quoted ? undefined : end).trim();
    throw new CriteriaError(withoutOperator(part, start > 0), start, start + part.length);
  }
  if (name === '') throw new CriteriaError(`a field name is missing before ${operator}`, nameEnd, end + 1);
  if (!quoted && /[<>~^]$/.test(name)) {
    const wrong = `${name.at(-1)}${operator}`;
    throw new CriteriaError(`${wrong} is not an operator here (allowed: = !=)${ELSEWHERE}`, nameEnd - 1, end + 1);
  }
  return { name, operator, end: end + 1 };
}

function withoutOperator(part: string, isFurther: boolean): string {
  if (part === '') return `a criterion is missing${isFurther ? ' after the comma' : ''}; write it as in ${EXAMPLE}`;
  const condition = /^\S+\s*([<>]|\s(?:in|intersects|contains|icontains|startswith|endswith|glob|regex|exists)\b)/.exec(
    part,
  );
  const hint = condition ? ELSEWHERE : `; write it as in ${EXAMPLE}, and put values with commas in quotes`;
  return `${JSON.stringify(part)} has no operator${condition ? ' of this list (allowed: = !=)' : ''}${hint}`;
}

function readValue(text: string, from: number, field: string): { text: string; end: number } {
  const start = skipSpaces(text, from);
  const quoted = readQuoted(text, start);
  if (quoted) {
    const end = skipSpaces(text, quoted.end);
    if (end < text.length && text[end] !== ',') {
      const message = `the value of ${field} goes on after its closing quote; put all of it in quotes`;
      throw new CriteriaError(message, start, text.length);
    }
    return { text: quoted.text, end: end + 1 };
  }
  const comma = text.indexOf(',', start);
  const end = comma === -1 ? text.length : comma;
  const value = text.slice(start, end).trimEnd();
  if (value === '') {
    throw new CriteriaError(`${field} has no value; write "" for an empty text`, from - 1 - field.length, from);
  }
  if (value.startsWith('=')) {
    throw new CriteriaError(
      `the value of ${field} begins with =; operators are = and !=, put the value in quotes if = belongs to it`,
      start,
      end,
    );
  }
  return { text: value, end: end + 1 };
}

/** Undefined when no quote stands here. */
function readQuoted(text: string, start: number): { text: string; end: number } | undefined {
  const quote = text[start];
  if (quote !== '"' && quote !== "'") return undefined;
  let content = '';
  for (let index = start + 1; index < text.length; index++) {
    const character = text[index]!;
    const next = text[index + 1];
    if (character === quote) return { text: content, end: index + 1 };
    if (character === '\\' && (next === quote || next === '\\')) {
      content += next;
      index++;
    } else {
      content += character;
    }
  }
  throw new CriteriaError(`the quote ${quote} is not closed`, start, text.length);
}

/** The place after the bracket's partner, so that `k8s.ns.label[a=b]` is one field; a lone bracket is a character. */
function closingBracket(text: string, open: number): number {
  const close = text.indexOf(']', open);
  return close === -1 ? open + 1 : close + 1;
}

function skipSpaces(text: string, from: number): number {
  let position = from;
  while (text[position] === ' ' || text[position] === '\t' || text[position] === '\n') position++;
  return position;
}

function fieldName(field: string): string {
  const plain =
    /^[^\s"'=,[\]!<>~^](?:[^\s=,[\]]*[^\s=,[\]!<>~^])?(?:\[[^\]]*\])?$/.test(field) && field === field.trim();
  return plain ? field : quote(field);
}

function fieldValue(value: string): string {
  return /^[^\s"',=](?:[^,\n]*[^\s,])?$/.test(value) ? value : quote(value);
}

function quote(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}
