/**
 * A JSON number that a JavaScript number would not give back digit by digit: `1731945600482812345`, `0.0`, `1e309`.
 * The value is V8's own raw JSON object, so `JSON.stringify` prints the text as it came.
 * https://github.com/tc39/proposal-json-parse-with-source
 */
export interface ExactNumber {
  readonly rawJSON: string;
}

interface JsonWithSource {
  parse(
    text: string,
    reviver: (this: unknown, key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): ExactNumber;
  isRawJSON(value: unknown): value is ExactNumber;
}
const json = JSON as unknown as JsonWithSource;

/** `JSON.parse` that loses no digit. Throws SyntaxError, or RangeError when the text is nested too deeply. */
export function parseJson(text: string): unknown {
  return json.parse(text, keepDigits);
}

function keepDigits(_key: string, value: unknown, context: { source?: string }): unknown {
  if (typeof value !== 'number' || context.source === undefined || String(value) === context.source) return value;
  return json.rawJSON(context.source);
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
