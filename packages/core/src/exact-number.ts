import { randomBytes } from 'node:crypto';
import { scanJson } from './json-scan.ts';

/**
 * A JSON number that a JavaScript number would not give back digit by digit: `1731945600482812345`, `0.0`, `1e309`.
 * The value is V8's own raw JSON object, so `JSON.stringify` prints the text as it came.
 * https://github.com/tc39/proposal-json-parse-with-source
 */
export interface ExactNumber {
  readonly rawJSON: string;
}

interface JsonWithRaw {
  rawJSON(text: string): ExactNumber;
  isRawJSON(value: unknown): value is ExactNumber;
}
const json = JSON as unknown as JsonWithRaw;

/** Marks the numbers to keep. Random, so that no text can pass for one. */
const MARK = `\u0001${randomBytes(16).toString('base64url')}`;

/**
 * `JSON.parse` that loses no digit.
 *
 * A reviver with source text access would do the same ten times slower, so the few numbers that need it are found first
 * and parsed as marked texts.
 * @throws SyntaxError, or RangeError when the text is nested deeper than `maxDepth`
 */
export function parseJson(text: string, maxDepth = 1_000): unknown {
  const { depth, inexact } = scanJson(text);
  if (depth > maxDepth) throw new RangeError(`nested more than ${maxDepth} levels deep`);
  if (inexact.length === 0) return JSON.parse(text);
  let marked = '';
  let copied = 0;
  for (const { start, end } of inexact) {
    marked += `${text.slice(copied, start)}"${ESCAPED_MARK}${text.slice(start, end)}"`;
    copied = end;
  }
  let value: unknown;
  try {
    value = JSON.parse(marked + text.slice(copied));
  } catch {
    // For an error about the text as it came.
    return JSON.parse(text);
  }
  return unmark(value);
}

const ESCAPED_MARK = JSON.stringify(MARK).slice(1, -1);

function unmark(value: unknown): unknown {
  if (typeof value === 'string') return value.startsWith(MARK) ? json.rawJSON(value.slice(MARK.length)) : value;
  if (typeof value !== 'object' || value === null) return value;
  const container = value as Record<string, unknown>;
  for (const key of Object.keys(container)) {
    const item = container[key];
    if (typeof item === 'number' || typeof item === 'boolean' || item === null) continue;
    const unmarked = unmark(item);
    // Only what was marked is written, and that is an own property already: `__proto__` included.
    if (unmarked !== item)
      Object.defineProperty(container, key, { value: unmarked, enumerable: true, configurable: true, writable: true });
  }
  return value;
}

export function isExactNumber(value: unknown): value is ExactNumber {
  return json.isRawJSON(value);
}

/** The text rules compare and users read: digits as sent, strings as they are, JSON for lists and objects; undefined for null. */
export function valueText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return undefined;
  if (isExactNumber(value)) return value.rawJSON;
  if (typeof value === 'object') return JSON.stringify(value);
  return String(value as number | boolean | bigint);
}
