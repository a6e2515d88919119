import type { Placed } from './block.ts';
import type { Place } from './yaml-node.ts';

/** A text whose characters still know where in the file they stand. */
export interface ScalarText {
  readonly text: string;
  readonly place: Place;
  /** Where a part of the text stands; without a length, the word or quoted text that begins there. */
  readonly placeAt: (offset: number, length?: number) => Place;
}

/**
 * Follows a YAML scalar through its file: quoted, plain over several lines, or a block (`|`, `>`). Blanks may differ
 * between the two, as YAML folds lines and cuts indentation; all other characters come in the same order.
 */
export function scalarText({ text, place }: Placed): ScalarText {
  let offsets: readonly number[] | undefined;
  return {
    text,
    place,
    placeAt(offset, length = wordAt(text, offset).length) {
      offsets ??= align(text, place.source.text, place.offset);
      const start = offsets[Math.min(offset, offsets.length - 1)];
      const last = offsets[Math.min(offset + Math.max(length, 1), offsets.length) - 1];
      return start === undefined || last === undefined ? place : { ...place, offset: start, length: last - start + 1 };
    },
  };
}

function wordAt(text: string, offset: number): string {
  const rest = text.slice(offset, offset + 200);
  return /^(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[<>=!~]+|[^\s()=!<>,"']+)/.exec(rest)?.[0] ?? '';
}

/** The one after the other, with a blank between: how Falco appends to a macro. */
export function joinTexts(first: ScalarText, second: ScalarText): ScalarText {
  const start = first.text.length + 1;
  return {
    text: `${first.text} ${second.text}`,
    place: second.place,
    placeAt: (offset, length) =>
      offset < start ? first.placeAt(offset, length) : second.placeAt(offset - start, length),
  };
}

/** For each character of the text, and for its end, the offset in the file; empty when the two do not fit together. */
function align(text: string, source: string, start: number): readonly number[] {
  const style = source[start];
  let at = style === '"' || style === "'" ? start + 1 : start;
  if (style === '|' || style === '>') at = source.indexOf('\n', start) + 1;
  const offsets: number[] = [];
  for (let index = 0; index < text.length; index++) {
    if (isBlank(text[index]!)) {
      offsets.push(at);
      continue;
    }
    let read = readCharacter(source, at, style);
    while (read && isBlank(read.character)) {
      at += read.length;
      read = readCharacter(source, at, style);
    }
    if (!read || !text.startsWith(read.character, index)) return [];
    for (let unit = 0; unit < read.character.length; unit++) offsets.push(at);
    index += read.character.length - 1;
    at += read.length;
  }
  // The end is behind the last character that shows.
  return [...offsets, at].map((offset, index) => (index > text.trimEnd().length ? at : offset));
}

interface Read {
  readonly character: string;
  /** How much of the source it takes. */
  readonly length: number;
}

function readCharacter(source: string, at: number, style: string | undefined): Read | undefined {
  const character = source[at];
  if (character === undefined) return undefined;
  if (style === "'" && character === "'") return { character, length: 2 };
  return style === '"' && character === '\\' ? readEscape(source, at) : { character, length: 1 };
}

const HEX_DIGITS: ReadonlyMap<string, number> = new Map([
  ['x', 2],
  ['u', 4],
  ['U', 8],
]);
const ESCAPES = new Map(
  Object.entries({ 0: '\0', a: '\u0007', b: '\b', v: '\v', f: '\f', e: '\u001b', N: '\u0085', _: '\u00a0' }),
);

/** One of double-quoted YAML. What stands for a blank is given as one. */
function readEscape(source: string, at: number): Read {
  const letter = source[at + 1] ?? '';
  const digits = HEX_DIGITS.get(letter);
  if (digits !== undefined) {
    const code = Number.parseInt(source.slice(at + 2, at + 2 + digits), 16);
    return { character: code <= 0x10ffff ? String.fromCodePoint(code) : ' ', length: 2 + digits };
  }
  if ('ntrLP \t\n\r'.includes(letter)) return { character: ' ', length: 2 };
  return { character: ESCAPES.get(letter) ?? letter, length: 2 };
}

function isBlank(character: string): boolean {
  return /^\s$/.test(character);
}
