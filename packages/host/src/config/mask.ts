import { isExactNumber, type JsonSchema } from '@falco-talon/core';
import { holdsSecret } from './owners.ts';

const MASK = '********';

/** The value with what nobody may read in place of secrets; names in maps of secrets stay. */
export function masked(value: unknown, schema: JsonSchema): unknown {
  if (value === undefined || value === null) return value;
  const { items, properties, patternProperties } = schema;
  if (schema.writeOnly === true) return MASK;
  if (Array.isArray(value) && items) return value.map((item) => masked(item, items));
  if (isMap(value) && (properties ?? patternProperties)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, masked(item, schemaOf(key, schema))]));
  }
  // Something else where a map or a list with secrets in it belongs.
  if (holdsSecret(schema)) return MASK;
  if (Array.isArray(value)) return value.map((item) => masked(item, {}));
  if (isMap(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, masked(item, {})]));
  return typeof value === 'string' ? withoutUserInfo(value) : value;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isExactNumber(value);
}

function schemaOf(key: string, { properties, patternProperties }: JsonSchema): JsonSchema {
  if (properties && Object.hasOwn(properties, key)) return properties[key]!;
  const patterns = Object.entries(patternProperties ?? {});
  return patterns.find(([pattern]) => new RegExp(pattern, 'u').test(key))?.[1] ?? patterns[0]?.[1] ?? {};
}

/** `https://user:password@host`; a password with a slash makes it no URL, but is a secret all the same. */
export function withoutUserInfo(text: string): string {
  return text.replaceAll(/(:\/\/)(?:[^/\s:@]*:(?!\d*(?:[/\s]|$))\S*|[^/\s]*)@/g, `$1${MASK}@`);
}
