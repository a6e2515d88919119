import type { JsonSchema } from '@falco-talon/core';
import { when } from './when.ts';

/** JSON Schema of draft 07 with what editors add to it: `enumDescriptions`, `deprecationMessage`, … */
export type EditorSchema = Readonly<Record<string, unknown>>;

/**
 * - `whole`: the value stands as it is written, so what is required must be in it.
 * - `part`: other blocks or files may add keys to it, so nothing is.
 */
export type Extent = 'whole' | 'part';

/** A text, or what becomes one: `true`, `5`. Its types are not listed, because editors would offer `true` for each text. */
const SCALAR: EditorSchema = when({ type: ['array', 'object'] }, { type: 'string' });
const BOOLEAN = '^([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])$';
const NUMBER = '^-?\\d+(\\.\\d+)?([eE][+-]?\\d+)?$';

/**
 * The schema as editors need it. It accepts whatever `fit` accepts: quoted booleans and numbers, scalars for texts, no
 * value for what may be left out; and may accept more, never less.
 */
export function editorSchema(schema: JsonSchema, extent: Extent, nullable = true): EditorSchema {
  return { ...described(schema), ...valueSchema(schema, extent, nullable), ...preset(schema) };
}

/** What hovering over the key shows. */
function described({ description, default: value }: JsonSchema): EditorSchema {
  const text = [description, ...(value === undefined ? [] : [`Default: ${JSON.stringify(value)}.`])].join(' ').trim();
  return text === '' ? {} : { description: text };
}

function preset({ default: value }: JsonSchema): EditorSchema {
  return value === undefined ? {} : { default: value };
}

function valueSchema(schema: JsonSchema, extent: Extent, nullable: boolean): EditorSchema {
  if (schema.anyOf) return choice(schema.anyOf, extent, nullable);
  if (schema.const !== undefined) return words([schema.const], nullable);
  if (schema.enum) return words(schema.enum, nullable);
  switch (schema.type) {
    case 'object':
      return { type: types(['object'], nullable), ...mapSchema(schema, extent) };
    case 'array':
      return { type: types(['array'], nullable), ...listSchema(schema) };
    case 'string':
      return { ...(nullable ? SCALAR : { ...SCALAR, not: { type: 'null' } }), ...textSchema(schema) };
    case 'integer':
    case 'number':
      return { type: types([schema.type, 'string'], nullable), ...numberSchema(schema) };
    case 'boolean':
      return { type: types(['boolean', 'string'], nullable), pattern: BOOLEAN, patternErrorMessage: 'true or false' };
    default:
      return {};
  }
}

function types(all: readonly string[], nullable: boolean): readonly string[] {
  return nullable ? [...all, 'null'] : all;
}

function choice(alternatives: readonly JsonSchema[], extent: Extent, nullable: boolean): EditorSchema {
  const constants = alternatives.map((one) => one.const).filter((one) => one !== undefined);
  if (constants.length === alternatives.length) return words(constants, nullable);
  return { anyOf: alternatives.map((one) => editorSchema(one, extent, nullable)) };
}

/** A word is compared as text, so `5` is as good as `"5"`. */
function words(list: readonly unknown[], nullable: boolean): EditorSchema {
  const spellings = list.flatMap((word) => [word, ...otherSpellings(word)]);
  return { enum: [...new Set([...spellings, ...(nullable ? [null] : [])])] };
}

function otherSpellings(word: unknown): readonly unknown[] {
  if (typeof word !== 'string') return [String(word)];
  if (word === 'true' || word === 'false') return [word === 'true'];
  return String(Number(word)) === word ? [Number(word)] : [];
}

function mapSchema(schema: JsonSchema, extent: Extent): EditorSchema {
  const required = (schema.required ?? []).filter((key) => schema.properties?.[key]?.default === undefined);
  const needed = extent === 'whole' ? required : [];
  const properties = mapEntries(schema.properties, (property, key) => ({
    ...editorSchema(property, extent, !needed.includes(key)),
    ...(required.includes(key) ? { description: `${property.description ?? ''} Required.`.trim() } : {}),
  }));
  const patterns = mapEntries(schema.patternProperties, (property) => editorSchema(property, extent, false));
  const minimum = extent === 'whole' && schema.properties === undefined ? schema.minProperties : undefined;
  return {
    ...(schema.properties === undefined ? {} : { properties }),
    ...(schema.patternProperties === undefined ? {} : { patternProperties: patterns }),
    ...(schema.additionalProperties === false || schema.patternProperties ? { additionalProperties: false } : {}),
    ...(needed.length === 0 ? {} : { required: needed }),
    ...(minimum === undefined ? {} : { minProperties: minimum }),
  };
}

function listSchema({ items, minItems, maxItems }: JsonSchema): EditorSchema {
  return {
    ...(items === undefined ? {} : { items: editorSchema(items, 'whole', false) }),
    ...(minItems === undefined ? {} : { minItems }),
    ...(maxItems === undefined ? {} : { maxItems }),
  };
}

/** Lengths: `fit` counts UTF-16 units, JSON Schema characters, of which there may be half as many. */
function textSchema({ minLength, maxLength, pattern, form }: JsonSchema): EditorSchema {
  return {
    ...(minLength === undefined ? {} : { minLength: Math.ceil(minLength / 2) }),
    ...(maxLength === undefined ? {} : { maxLength }),
    ...(pattern === undefined ? {} : { pattern }),
    ...(form === undefined ? {} : { patternErrorMessage: `must be ${form}` }),
  };
}

function numberSchema({ type, minimum, maximum }: JsonSchema): EditorSchema {
  return {
    ...(minimum === undefined ? {} : { minimum }),
    ...(maximum === undefined ? {} : { maximum }),
    pattern: NUMBER,
    patternErrorMessage: type === 'integer' ? 'must be a whole number' : 'must be a number',
  };
}

export function mapEntries<T, R>(
  record: Readonly<Record<string, T>> | undefined,
  change: (value: T, key: string) => R,
): Readonly<Record<string, R>> {
  return Object.fromEntries(Object.entries(record ?? {}).map(([key, value]) => [key, change(value, key)]));
}
