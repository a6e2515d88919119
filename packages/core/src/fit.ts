import type { Static, TSchema } from 'typebox';
import type { Issue } from './actionner.ts';
import { isExactNumber, valueText } from './exact-number.ts';
import { didYouMean, nearest } from './nearest.ts';
import { jsonSchema, type JsonSchema } from './schema.ts';

export interface Fit<T> {
  /** With defaults filled in and unambiguous scalars coerced. Only to be used when there are no issues. */
  readonly value: T;
  readonly issues: readonly Issue[];
}

type Path = readonly (string | number)[];

/**
 * Holds a value from YAML or the environment against a schema: fills in defaults, coerces where only one reading is
 * possible (`"true"` to a boolean, `true` to a string, `"5"` to a number), and words every mistake for the person who
 * wrote the value. Null counts as absent.
 */
export function fit<S extends TSchema>(schema: S, value: unknown): Fit<Static<S>> {
  const issues: Issue[] = [];
  const json = jsonSchema(schema);
  // A section with nothing in it is null in YAML.
  const given = value ?? (json.type === 'object' ? {} : value);
  const fitted = fitValue(json, given, [], issues);
  return { value: fitted as Static<S>, issues };
}

function fitValue(schema: JsonSchema, value: unknown, path: Path, issues: Issue[]): unknown {
  if (schema.anyOf) return fitAny(schema, schema.anyOf, value, path, issues);
  if (schema.const !== undefined) return fitWord(schema, [schema.const], value, path, issues);
  if (schema.enum) return fitWord(schema, schema.enum, value, path, issues);
  switch (schema.type) {
    case 'object':
      return fitObject(schema, value, path, issues);
    case 'array':
      return fitArray(schema, value, path, issues);
    case 'string':
      return fitString(schema, value, path, issues);
    case 'integer':
    case 'number':
      return fitNumber(schema, value, path, issues);
    case 'boolean':
      return fitBoolean(schema, value, path, issues);
    default:
      return value;
  }
}

function fitAny(
  schema: JsonSchema,
  choices: readonly JsonSchema[],
  value: unknown,
  path: Path,
  issues: Issue[],
): unknown {
  if (choices.every((choice) => choice.const !== undefined)) {
    return fitWord(
      schema,
      choices.map((choice) => choice.const),
      value,
      path,
      issues,
    );
  }
  // The alternative that already has the value's type wins over one it would have to be coerced to.
  const sameType = choices.find((choice) => hasType(choice, value));
  let firstIssues: Issue[] | undefined;
  for (const choice of sameType ? [sameType, ...choices] : choices) {
    const attempt: Issue[] = [];
    const fitted = fitValue(choice, value, path, attempt);
    if (attempt.length === 0) return fitted;
    firstIssues ??= attempt;
  }
  issues.push(...(firstIssues ?? []));
  return value;
}

function hasType(schema: JsonSchema, value: unknown): boolean {
  if (schema.type === 'integer') return Number.isInteger(value);
  if (schema.type === 'array') return Array.isArray(value);
  return schema.type === typeof value;
}

function fitWord(schema: JsonSchema, words: readonly unknown[], value: unknown, path: Path, issues: Issue[]): unknown {
  const text = scalarText(value);
  const match = words.find((word) => word === value || (text !== undefined && String(word) === text));
  if (match !== undefined) return match;
  const list = words.map(String);
  const hint = text === undefined ? undefined : nearest(text, list);
  issues.push({
    path,
    message: `must be one of ${list.join(', ')}, not ${shown(schema, value)}${didYouMean(hint)}`,
  });
  return value;
}

function fitObject(schema: JsonSchema, value: unknown, path: Path, issues: Issue[]): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    issues.push({ path, message: `must be a map of keys and values, not ${shown(schema, value)}` });
    return value;
  }
  const properties = schema.properties ?? {};
  const patterns = Object.entries(schema.patternProperties ?? {});
  const result: Record<string, unknown> = {};
  /** Keys that were given under another name: they are not missing too. */
  const meant = new Set<string | undefined>();
  const set = (key: string, item: unknown) =>
    Object.defineProperty(result, key, { value: item, enumerable: true, configurable: true, writable: true });

  for (const [key, item] of Object.entries(value)) {
    const property = Object.hasOwn(properties, key)
      ? properties[key]
      : patterns.find(([pattern]) => new RegExp(pattern, 'u').test(key))?.[1];
    if (property === undefined) {
      if (patterns.length > 0) issues.push(misshapenKey(key, patterns[0]![0], path));
      else if (schema.additionalProperties === false) {
        issues.push(unknownKey(key, Object.keys(properties), path));
        meant.add(nearest(key, Object.keys(properties)));
      } else set(key, item);
    } else if (item !== null && item !== undefined) {
      set(key, fitValue(property, item, [...path, key], issues));
    } else if (!Object.hasOwn(properties, key)) {
      issues.push({ path: [...path, key], message: 'has no value; write "" for an empty text' });
    }
  }
  for (const [key, property] of Object.entries(properties)) {
    if (Object.hasOwn(result, key)) continue;
    // Fitted too: a section whose default is {} gets the defaults of its own keys.
    if (property.default !== undefined) {
      set(key, fitValue(property, structuredClone(property.default), [...path, key], issues));
    } else if (schema.required?.includes(key) && !meant.has(key)) {
      issues.push({ path, message: `${key} is missing${described(property)}` });
    }
  }
  if (schema.minProperties !== undefined && Object.keys(value).length < schema.minProperties) {
    issues.push({
      path,
      message: `must have at least ${schema.minProperties} entr${schema.minProperties === 1 ? 'y' : 'ies'}`,
    });
  }
  return result;
}

function described(schema: JsonSchema): string {
  return schema.description === undefined ? '' : `: ${schema.description}`;
}

/** The issue for a key nobody knows, with the key it was probably meant to be. */
export function unknownKey(key: string, known: readonly string[], path: Path): Issue {
  const hint = nearest(key, known);
  const allowed = known.length === 0 ? 'no keys are allowed here' : `allowed here: ${known.join(', ')}`;
  return {
    path: [...path, key],
    message: `unknown key ${shownKey(key)}${didYouMean(hint)} (${allowed})`,
  };
}

function misshapen(schema: JsonSchema, pattern: string, value: unknown): string {
  if (schema.form !== undefined) return `must be ${schema.form}, not ${shown(schema, value)}`;
  return `${shown(schema, value)} does not have the right form${described(schema) || `: ${pattern}`}`;
}

function misshapenKey(key: string, pattern: string, path: Path): Issue {
  return { path: [...path, key], message: `the key ${shownKey(key)} does not have the form ${pattern}` };
}

function fitArray(schema: JsonSchema, value: unknown, path: Path, issues: Issue[]): unknown {
  if (!Array.isArray(value)) {
    issues.push({ path, message: `must be a list, not ${shown(schema, value)}${asList(schema, value)}` });
    return value;
  }
  if (value.length < (schema.minItems ?? 0))
    issues.push({ path, message: `must have at least ${schema.minItems} items` });
  if (value.length > (schema.maxItems ?? Infinity))
    issues.push({ path, message: `may have at most ${schema.maxItems} items` });
  const items = schema.items;
  return items ? value.map((item, index) => fitValue(items, item, [...path, index], issues)) : value;
}

function asList(schema: JsonSchema, value: unknown): string {
  return scalarText(value) === undefined || schema.writeOnly ? '' : `; write [${shown(schema, value)}]`;
}

function fitString(schema: JsonSchema, value: unknown, path: Path, issues: Issue[]): unknown {
  const text = scalarText(value);
  if (text === undefined) {
    issues.push({ path, message: `must be a text, not ${shown(schema, value)}` });
    return value;
  }
  if (text.length < (schema.minLength ?? 0)) {
    issues.push({
      path,
      message: schema.minLength === 1 ? 'must not be empty' : `must have at least ${schema.minLength} characters`,
    });
  }
  if (text.length > (schema.maxLength ?? Infinity)) {
    issues.push({ path, message: `may have at most ${schema.maxLength} characters` });
  }
  if (schema.pattern !== undefined && !new RegExp(schema.pattern, 'u').test(text)) {
    issues.push({ path, message: misshapen(schema, schema.pattern, value) });
  }
  return text;
}

function fitNumber(schema: JsonSchema, value: unknown, path: Path, issues: Issue[]): unknown {
  const text = scalarText(value);
  const number = text !== undefined && /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN;
  const integer = schema.type === 'integer';
  if (typeof value === 'boolean' || !Number.isFinite(number) || (integer && !Number.isSafeInteger(number))) {
    issues.push({ path, message: `must be ${integer ? 'a whole number' : 'a number'}, not ${shown(schema, value)}` });
    return value;
  }
  if (number < (schema.minimum ?? -Infinity))
    issues.push({ path, message: `must be at least ${schema.minimum}, not ${number}` });
  if (number > (schema.maximum ?? Infinity))
    issues.push({ path, message: `must be at most ${schema.maximum}, not ${number}` });
  return number;
}

function fitBoolean(schema: JsonSchema, value: unknown, path: Path, issues: Issue[]): unknown {
  const text = scalarText(value)?.toLowerCase();
  if (text === 'true') return true;
  if (text === 'false') return false;
  const meant = text !== undefined && YAML_1_1.get(text);
  issues.push({
    path,
    message: `must be true or false, not ${shown(schema, value)}${meant ? `; write ${meant}` : ''}`,
  });
  return value;
}

/** What older YAML took for booleans. */
const YAML_1_1: ReadonlyMap<string, string> = new Map([
  ...['yes', 'y', 'on'].map((word) => [word, 'true'] as const),
  ...['no', 'n', 'off'].map((word) => [word, 'false'] as const),
]);

function scalarText(value: unknown): string | undefined {
  const scalar = ['string', 'number', 'boolean', 'bigint'].includes(typeof value) || isExactNumber(value);
  return scalar ? valueText(value) : undefined;
}

/** A value in an error message: short, with its quotes, so that `"5"` and `5` differ, and never a secret. */
function shown(schema: JsonSchema, value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  const text = typeof value === 'string' ? JSON.stringify(value) : scalarText(value);
  if (text === undefined) return 'a map';
  return schema.writeOnly ? 'the value given' : short(text);
}

function shownKey(key: string): string {
  return short(JSON.stringify(key));
}

function short(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
