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

/** One JSON log line as people read it: `time LEVEL message key=value …`, always a single line. */
export function textLine(json: string, colour: boolean): string {
  const { time, level, message, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const paint = (text: string, code: number) => (colour ? `\u001B[${code}m${text}\u001B[0m` : text);
  const [label, labelColour] = LEVELS[String(level)] ?? ['???', 37];
  const parts = [paint(String(time), 90), paint(label, labelColour), paint(shown(message, true), 1)];
  for (const [key, value] of Object.entries(fields)) {
    const text = shown(value, false);
    const valueColour = key === 'error' ? 31 : key === 'status' ? STATUS_COLOURS[text] : undefined;
    parts.push(`${paint(`${shown(key, false)}=`, 36)}${valueColour === undefined ? text : paint(text, valueColour)}`);
  }
  return parts.join(' ');
}

function shown(value: unknown, message: boolean): string {
  if (typeof value !== 'string') return escapeActive(JSON.stringify(value));
  if (PLAIN.test(value)) return value;
  const quoted = escapeActive(JSON.stringify(value));
  // A fixed text with spaces reads better without quotes; anything that had to be escaped keeps them.
  return message && quoted === `"${value}"` ? value : quoted;
}
