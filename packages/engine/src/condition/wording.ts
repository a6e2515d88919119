import { didYouMean, nearest } from '@falco-talon/core';
import { OWN_KEYS } from './expression.ts';
import { found, type Scanner } from './scanner.ts';

/** A word without a dot before an operator. */
export function unknownField(name: string): string {
  const hint = nearest(name, OWN_KEYS);
  return `${JSON.stringify(name)} is no field${didYouMean(hint)} (of the alert: ${OWN_KEYS.join(', ')}; of its output_fields: names with a dot, or output_fields[${name}])`;
}

/** What stands where a comparison has ended. */
export function unexpected(scanner: Scanner): string {
  if (scanner.text[scanner.position] === ')') return 'this ) has no (';
  return `expected and, or${scanner.depth > 0 ? ', )' : ''} or the end, found ${found(scanner)}${unwanted(scanner)}`;
}

/** For what other languages write there. */
export function unwanted(scanner: Scanner): string {
  const [word] =
    /^(?:&&?|\|\|?|!|#|=|AND\b|OR\b|NOT\b)/.exec(scanner.text.slice(scanner.position, scanner.position + 4)) ?? [];
  if (word === undefined) return '';
  if (word === '#') return '; a condition has no comments, YAML takes them outside of a block text only';
  if (word === '=') return '; a value with = is written in quotes';
  if (word === '!') return '; write not';
  return `; write ${word.startsWith('&') ? 'and' : word.startsWith('|') ? 'or' : word.toLowerCase()}`;
}

export function unknownMacro(name: string, names: ReadonlySet<string>): string {
  // However many there are: a file may have thousands of both.
  const hint = nearest(name, firstOf(names, 200));
  const known = [...firstOf(names, 10), ...(names.size > 10 ? ['…'] : [])];
  return `unknown macro ${JSON.stringify(name)}${didYouMean(hint)} (${known.length === 0 ? 'none is declared' : `declared: ${known.join(', ')}`})`;
}

export function* firstOf(names: Iterable<string>, count: number): Generator<string> {
  let left = count;
  for (const name of names) {
    if (left-- === 0) return;
    yield name;
  }
}
