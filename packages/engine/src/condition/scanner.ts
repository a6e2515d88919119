import type { ConditionProblem } from './expression.ts';

/** Ends the reading of one comparison. What follows the next `and` or `or` is still read. */
export class ConditionError extends Error {
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

/** A place in the text of a condition, and what was found wrong so far. */
export interface Scanner {
  readonly text: string;
  position: number;
  /** Open parentheses. */
  depth: number;
  readonly problems: ConditionProblem[];
}

export function createScanner(text: string): Scanner {
  // A lone surrogate is no character; replacing it moves no offset.
  return { text: text.toWellFormed(), position: 0, depth: 0, problems: [] };
}

/** What counts as a blank between two words, as in Falco. */
const BLANK = ' \t\b\r\n';

/** Returns whether there was a blank. */
export function skipBlank(scanner: Scanner): boolean {
  const start = scanner.position;
  while (scanner.position < scanner.text.length && BLANK.includes(scanner.text[scanner.position]!)) scanner.position++;
  return scanner.position > start;
}

/** Takes what the sticky expression matches here. */
export function take(scanner: Scanner, pattern: RegExp): string | undefined {
  const found = peek(scanner, pattern);
  if (found !== undefined) scanner.position += found.length;
  return found;
}

export function peek(scanner: Scanner, pattern: RegExp): string | undefined {
  pattern.lastIndex = scanner.position;
  return pattern.exec(scanner.text)?.[0];
}

export function takeText(scanner: Scanner, text: string): boolean {
  if (!scanner.text.startsWith(text, scanner.position)) return false;
  scanner.position += text.length;
  return true;
}

export const WORD = /[A-Za-z]\w*/y;

/** What stands here, for an error message; shortened. */
export function found(scanner: Scanner): string {
  const rest = scanner.text.slice(scanner.position, scanner.position + 200);
  const word = /^(?:[\w.-]+|[<>=!~&|]+|[^]?)/u.exec(rest)![0];
  if (word === '') return 'the end';
  const unusual = /^[^\x20-\x7e]/u.test(word) ? ` (U+${hex(word.codePointAt(0)!)})` : '';
  return `${JSON.stringify(word.length > 40 ? `${word.slice(0, 39)}…` : word)}${unusual}`;
}

function hex(code: number): string {
  return code.toString(16).toUpperCase().padStart(4, '0');
}
