import { errorText, isExactNumber } from '@falco-talon/core';

/** Longest text one field may carry into a log line, in UTF-16 units. A log captured by an action fits, a flood does not. */
const MAX_TEXT = 16 * 1024;
const MAX_ITEMS = 200;
const MAX_DEPTH = 6;

/**
 * A field's value as plain data of limited size, whatever it is: texts are cut, deep or long structures end with a mark,
 * errors become their message and code, a getter or `toJSON` that throws becomes a text. Never throws.
 */
export function boundedValue(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return cut(value);
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (isExactNumber(value)) return value;
  if (value === undefined) return undefined;
  if (typeof value !== 'object') return cut(String(value as bigint | symbol));
  if (depth >= MAX_DEPTH) return '…';
  try {
    return structure(value, depth);
  } catch {
    return 'a value that cannot be shown';
  }
}

function structure(value: object, depth: number): unknown {
  if (value instanceof Error) return errorFields(value, depth);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'an invalid date' : value.toISOString();
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  if (Array.isArray(value)) return limited(value).map((item) => boundedValue(item, depth + 1) ?? null);
  if (value instanceof Set) return limited([...value]).map((item) => boundedValue(item, depth + 1) ?? null);
  const entries = value instanceof Map ? [...value].map(([key, item]) => [String(key), item]) : Object.entries(value);
  // A null prototype: a key called __proto__ is a key like any other.
  const result: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [key, item] of limited(entries as [string, unknown][])) result[cut(key)] = boundedValue(item, depth + 1);
  return result;
}

/** No stack: what people need is the message, its code and its cause. */
function errorFields(error: Error, depth: number): unknown {
  const message = cut(errorText(error));
  const { code } = error as { code?: unknown };
  const cause = error.cause instanceof Error ? boundedValue(error.cause, depth + 1) : undefined;
  if (typeof code !== 'string' && cause === undefined) return message;
  return {
    message,
    ...(typeof code === 'string' ? { code: cut(code) } : {}),
    ...(cause === undefined ? {} : { cause }),
  };
}

function limited<T>(items: readonly T[]): readonly T[] {
  return items.length > MAX_ITEMS ? items.slice(0, MAX_ITEMS) : items;
}

function cut(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT).toWellFormed()}… (${text.length - MAX_TEXT} more)` : text;
}
