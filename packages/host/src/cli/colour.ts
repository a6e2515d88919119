import { styleText } from 'node:util';
import type { Variables } from '../config/environment.ts';
import type { OutputStream } from './command.ts';

/** What a piece of output is; how that looks is decided here alone. */
export type Style = 'error' | 'warning' | 'good' | 'bad' | 'title' | 'aside';
export type Paint = (style: Style, text: string) => string;

const LOOKS: Record<Style, Parameters<typeof styleText>[0]> = {
  error: ['bold', 'red'],
  warning: ['bold', 'yellow'],
  good: 'green',
  bad: 'red',
  title: 'bold',
  aside: 'dim',
};

export const plain: Paint = (_, text) => text;

/**
 * Colours are for people: only on a terminal, never with NO_COLOR (https://no-color.org) or TERM=dumb, and always with
 * FORCE_COLOR, which Node.js and its tools let win over the others; its values 0 and false forbid them.
 */
export function hasColours(stream: OutputStream, environment: Variables): boolean {
  const forced = environment['FORCE_COLOR'];
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  return stream.isTTY === true && (environment['NO_COLOR'] ?? '') === '' && environment['TERM'] !== 'dumb';
}

/** The text must be printable already: nothing is escaped here. */
export function painter(stream: OutputStream, environment: Variables): Paint {
  if (!hasColours(stream, environment)) return plain;
  return (style, text) => (text === '' ? '' : styleText(LOOKS[style], text, { validateStream: false }));
}

/**
 * Errors and warnings as they are worded everywhere: `rules.yaml:1:2: error: …`, with a code frame below. Told by the
 * beginnings of lines, and nothing from the input begins one: it is printed without its line breaks.
 */
export function paintProblems(text: string, paint: Paint): string {
  return paint === plain
    ? text
    : text
        .split('\n')
        .map((line) => paintLine(line, paint))
        .join('\n');
}

function paintLine(line: string, paint: Paint): string {
  const frame = /^( *\d* *\| ?)( *)(\^*)(.*)$/.exec(line);
  if (frame) return paint('aside', frame[1]!) + frame[2]! + paint('error', frame[3]!) + frame[4]!;
  const head = /^(|.*?: )(error|warning)(: .*)$/.exec(line);
  if (!head) return line;
  return paint('title', head[1]!) + paint(head[2] as 'error' | 'warning', head[2]!) + head[3]!;
}

/** ✓ and ✗ at the beginning of lines. */
export function paintMarks(text: string, paint: Paint): string {
  return text.replaceAll(/^( *)([✓✗])/gmu, (_, indent: string, mark: string) => {
    return indent + paint(mark === '✓' ? 'good' : 'bad', mark);
  });
}
