import { ConditionError, type Scanner } from './scanner.ts';

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['\\', '\\'],
  ['/', '/'],
  // Falco reads `\ ` as a lone backslash, for the sake of rules that forgot to double it.
  [' ', '\\'],
]);

/**
 * A text in single or double quotes with Falco's escapes; undefined when no quote stands here.
 * `\xHH` is a byte: several of them can make one UTF-8 character.
 * @throws ConditionError
 */
export function takeQuoted(scanner: Scanner): string | undefined {
  const { text, position: start } = scanner;
  const quote = text[start];
  if (quote !== '"' && quote !== "'") return undefined;
  const parts: Buffer[] = [];
  let copied = start + 1;
  for (let index = start + 1; index < text.length; index++) {
    const character = text[index]!;
    if (character === quote) {
      scanner.position = index + 1;
      if (parts.length === 0) return text.slice(copied, index);
      return Buffer.concat([...parts, Buffer.from(text.slice(copied, index))]).toString();
    }
    if (character !== '\\') continue;
    parts.push(Buffer.from(text.slice(copied, index)));
    const escape = readEscape(text, index, quote);
    parts.push(escape.bytes);
    copied = index + escape.length;
    index = copied - 1;
  }
  throw new ConditionError(start, `the quote ${quote} is not closed`);
}

function readEscape(text: string, offset: number, quote: string): { bytes: Buffer; length: number } {
  const letter = text[offset + 1];
  if (letter === undefined) throw new ConditionError(offset, `the quote ${quote} is not closed`);
  if (letter === quote) return { bytes: Buffer.from(quote), length: 2 };
  if (letter === 'x') {
    const digits = text.slice(offset + 2, offset + 4);
    if (!/^[0-9A-Fa-f]{2}$/.test(digits))
      throw new ConditionError(offset, String.raw`two hexadecimal digits must follow \x`);
    return { bytes: Buffer.from([Number.parseInt(digits, 16)]), length: 4 };
  }
  const character = ESCAPES.get(letter);
  if (character === undefined) {
    const hint = letter === '"' || letter === "'" ? `; ${letter} needs no backslash inside ${quote}` : '';
    throw new ConditionError(
      offset,
      `\\${letter} is no escape${hint} (allowed: \\${quote} \\\\ \\/ \\b \\f \\n \\r \\t \\xHH; write \\\\ for a backslash)`,
    );
  }
  return { bytes: Buffer.from(character), length: 2 };
}

/** In double quotes, so that `takeQuoted` gives the text back. */
export function quoteText(text: string): string {
  // oxlint-disable-next-line no-control-regex -- those are what is looked for
  return `"${text.replaceAll(/["\\\u0000-\u001f\u007f]/g, escaped)}"`;
}

const LETTERS: ReadonlyMap<string, string> = new Map([
  ['\b', 'b'],
  ['\f', 'f'],
  ['\n', 'n'],
  ['\r', 'r'],
  ['\t', 't'],
  ['\\', '\\'],
  ['"', '"'],
]);

function escaped(character: string): string {
  const code = character.codePointAt(0)!.toString(16).padStart(2, '0');
  return `\\${LETTERS.get(character) ?? `x${code}`}`;
}
