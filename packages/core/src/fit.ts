import type { Static, TSchema } from 'typebox';
import type { Issue } from './actionner.ts';
import { valueText } from './exact-number.ts';
import { nearest } from './nearest.ts';
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
  const fitted = fitValue(jsonSchema(schema), value, [], issues);
  return { value: fitted as Static<S>, issues };
}

function fitValue(schema: JsonSchema, value: unknown, path: Path, issues: Issue[]): unknown {
  if (schema.anyOf) return fitAny(schema.anyOf, value, path, issues);
  if (schema.const !== undefined) return fitWord([schema.const], value, path, issues);
  if (schema.enum) return fitWord(schema.enum, value, path, issues);
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
      return fitBoolean(value, path, issues);
    default:
      return value;
  }
}

function fitAny(choices: readonly JsonSchema[], value: unknown, path: Path, issues: Issue[]): unknown {
  if (choices.every((choice) => choice.const !== undefined)) {
    return fitWord(
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

function fitWord(words: readonly unknown[], value: unknown, path: Path, issues: Issue[]): unknown {
  const text = scalarText(value);
  const match = words.find((word) => word === value || (text !== undefined && String(word) === text));
  if (match !== undefined) return match;
  const list = words.map(String);
  const hint = text === undefined ? undefined : nearest(text, list);
  issues.push({
    path,
    message: `must be one of ${list.join(', ')}, not ${shown(value)}${hint === undefined ? '' : `; did you mean ${hint}?`}`,
  });
  return value;
}

function fitObject(schema: JsonSchema, value: unknown, path: Path, issues: Issue[]): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    issues.push({ path, message: `must be a map of keys and values, not ${shown(value)}` });
    return value;
  }
  const properties = schema.properties ?? {};
  const pattern = Object.values(schema.patternProperties ?? {})[0];
  const result: Record<string, unknown> = {};
  const set = (key: string, item: unknown) =>
    Object.defineProperty(result, key, { value: item, enumerable: true, configurable: true, writable: true });

  for (const [key, item] of Object.entries(value)) {
    const property = Object.hasOwn(properties, key) ? properties[key] : pattern;
    if (property === undefined) {
      if (schema.additionalProperties === false) issues.push(unknownKey(key, Object.keys(properties), path));
      else set(key, item);
    } else if (item !== null && item !== undefined) {
      set(key, fitValue(property, item, [...path, key], issues));
    } else if (!Object.hasOwn(properties, key)) {
      issues.push({ path: [...path, key], message: 'has no value; write "" for an empty text' });
    }
  }
  for (const [key, property] of Object.entries(properties)) {
    if (Object.hasOwn(result, key)) continue;
    if (property.default !== undefined) set(key, structuredClone(property.default));
    else if (schema.required?.includes(key)) issues.push({ path, message: `${key} is missing${described(property)}` });
  }
  if (schema.minProperties !== undefined && Object.keys(result).length < schema.minProperties) {
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
    message: `unknown key ${JSON.stringify(key)}${hint === undefined ? '' : `; did you mean ${hint}?`} (${allowed})`,
  };
}

function fitArray(schema: JsonSchema, value: unknown, path: Path, issues: Issue[]): unknown {
  if (!Array.isArray(value)) {
    issues.push({ path, message: `must be a list, not ${shown(value)}` });
    return value;
  }
  if (value.length < (schema.minItems ?? 0))
    issues.push({ path, message: `must have at least ${schema.minItems} items` });
  if (value.length > (schema.maxItems ?? Infinity))
    issues.push({ path, message: `may have at most ${schema.maxItems} items` });
  const items = schema.items;
  return items ? value.map((item, index) => fitValue(items, item, [...path, index], issues)) : value;
}

function fitString(schema: JsonSchema, value: unknown, path: Path, issues: Issue[]): unknown {
  const text = scalarText(value);
  if (text === undefined) {
    issues.push({ path, message: `must be a text, not ${shown(value)}` });
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
    issues.push({ path, message: `${shown(value)} does not have the form ${schema.pattern}${described(schema)}` });
  }
  return text;
}

function fitNumber(schema: JsonSchema, value: unknown, path: Path, issues: Issue[]): unknown {
  const text = scalarText(value);
  const number = text !== undefined && /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN;
  const integer = schema.type === 'integer';
  if (typeof value === 'boolean' || !Number.isFinite(number) || (integer && !Number.isSafeInteger(number))) {
    issues.push({ path, message: `must be ${integer ? 'a whole number' : 'a number'}, not ${shown(value)}` });
    return value;
  }
  if (number < (schema.minimum ?? -Infinity))
    issues.push({ path, message: `must be at least ${schema.minimum}, not ${number}` });
  if (number > (schema.maximum ?? Infinity))
    issues.push({ path, message: `must be at most ${schema.maximum}, not ${number}` });
  return number;
}

function fitBoolean(value: unknown, path: Path, issues: Issue[]): unknown {
  const text = scalarText(value)?.toLowerCase();
  if (text === 'true') return true;
  if (text === 'false') return false;
  issues.push({ path, message: `must be true or false, not ${shown(value)}` });
  return value;
}

function scalarText(value: unknown): string | undefined {
  return typeof value === 'object' && value !== null && !('rawJSON' in value) ? undefined : valueText(value);
}

/** A value in an error message: short, and with its quotes, so that `"5"` and `5` differ. */
function shown(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && scalarText(value) === undefined) return 'a map';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(scalarText(value));
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
