import { printable } from '@falco-talon/engine';

/** What a terminal or a log viewer would act on: C1 controls, line and paragraph separators, marks that turn text around. */
const ACTIVE = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** `JSON.stringify` leaves these alone. Inside a JSON text they can only stand in strings, so the escapes keep it valid. */
export function escapeActive(json: string): string {
  return json.replaceAll(ACTIVE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const LEVELS: Readonly<Record<string, readonly [string, number]>> = {
  debug: ['DBG', 36],
  info: ['INF', 32],
  warn: ['WRN', 33],
  error: ['ERR', 31],
};
const STATUS_COLOURS: Readonly<Record<string, number>> = { success: 32, failure: 31, ignored: 33, dry_run: 36 };
const PLAIN = /^[\w.:/@%+,*~-]+$/;

/**
 * One JSON log line as people read it: `time LEVEL message key=value …`, a single line but for `problems`: what is wrong in
 * files comes below it, indented, with the lines of the files as they are written there.
 */
export function textLine(json: string, colour: boolean): string {
  const { time, level, message, problems, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const paint = (text: string, code: number) => (colour ? `\u001B[${code}m${text}\u001B[0m` : text);
  const [label, labelColour] = LEVELS[String(level)] ?? ['???', 37];
  const parts = [paint(String(time), 90), paint(label, labelColour), paint(shown(message, true), 1)];
  const isBlock = Array.isArray(problems) && problems.every((problem) => typeof problem === 'string');
  const inline = problems === undefined || isBlock ? fields : { ...fields, problems };
  for (const [key, value] of Object.entries(inline)) {
    const text = shown(value, false);
    const valueColour = key === 'error' ? 31 : key === 'status' ? STATUS_COLOURS[text] : undefined;
    parts.push(`${paint(`${shown(key, false)}=`, 36)}${valueColour === undefined ? text : paint(text, valueColour)}`);
  }
  const below = isBlock ? problems.flatMap((problem) => problem.split('\n')) : [];
  return [parts.join(' '), ...below.map((line) => `    ${printable(line)}`)].join('\n');
}

function shown(value: unknown, message: boolean): string {
  if (typeof value !== 'string') return escapeActive(JSON.stringify(value));
  if (PLAIN.test(value)) return value;
  const quoted = escapeActive(JSON.stringify(value));
  // A fixed text with spaces reads better without quotes; anything that had to be escaped keeps them.
  return message && quoted === `"${value}"` ? value : quoted;
}
