import { peek, WORD, type Scanner } from './scanner.ts';

/**
 * Moves to the next `and` or `or` of the level the mistake is on, or to the parenthesis that closes it, so that reading
 * can go on. Quoted texts are passed over as a whole.
 * @param open parentheses that were opened on the way to the mistake
 */
export function skipComparison(scanner: Scanner, open: number): void {
  const { text } = scanner;
  let depth = open;
  while (scanner.position < text.length) {
    const character = text[scanner.position]!;
    if (character === '"' || character === "'") {
      skipQuoted(scanner, character);
      continue;
    }
    if (character === '(') depth++;
    if (character === ')' && depth-- === 0) return;
    const word = peek(scanner, WORD);
    if (depth === 0 && (word === 'and' || word === 'or')) return;
    scanner.position += word?.length ?? 1;
  }
}

function skipQuoted(scanner: Scanner, quote: string): void {
  const { text } = scanner;
  for (let index = scanner.position + 1; index < text.length; index++) {
    if (text[index] === '\\') index++;
    else if (text[index] === quote) {
      scanner.position = index + 1;
      return;
    }
  }
  scanner.position = text.length;
}
