import { isDeepStrictEqual } from 'node:util';
import { fit, jsonSchema, type JsonSchema, type TSchema } from '@falco-talon/core';

/** The keywords `fit` enforces or editors show; any other would be a promise nobody keeps. */
const KEYWORDS = new Set<keyof JsonSchema>([
  'type',
  'description',
  'default',
  'const',
  'enum',
  'anyOf',
  'properties',
  'patternProperties',
  'additionalProperties',
  'required',
  'items',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'minProperties',
  'pattern',
  'form',
  'format',
  'writeOnly',
]);

/** What is wrong with the schema of parameters, settings or facts; empty when nothing is. */
export function schemaProblems(
  schema: TSchema,
  options: { readonly described: boolean } = { described: true },
): string[] {
  const root = jsonSchema(schema);
  if (root.type !== 'object' || !root.properties) return ['the schema must be a strictObject({…})'];
  return [...problemsOf(root, '', options.described)];
}

function* problemsOf(schema: JsonSchema, path: string, described: boolean): Generator<string> {
  const at = path === '' ? 'the schema' : path;
  for (const keyword of Object.keys(schema)) {
    if (!KEYWORDS.has(keyword as keyof JsonSchema)) yield `${at} uses ${keyword}, which is not checked`;
  }
  if (schema.pattern !== undefined && !isPattern(schema.pattern))
    yield `${at} has a pattern that is no regular expression`;
  if (schema.default !== undefined) {
    const { value, issues } = fit(schema as unknown as TSchema, schema.default);
    if (issues.length > 0 || !isDeepStrictEqual(value, schema.default)) yield `${at} has a default that does not fit`;
  }
  if (schema.type === 'object' && !schema.patternProperties && schema.additionalProperties !== false) {
    yield `${at} accepts unknown keys: use strictObject({…})`;
  }
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    const inner = path === '' ? key : `${path}.${key}`;
    if (!/^[a-z][a-z0-9_]*$/.test(key)) yield `${inner} is not written in snake_case`;
    if (described && (property.description ?? '').trim() === '') yield `${inner} has no description`;
    yield* problemsOf(property, inner, described);
  }
  for (const value of Object.values(schema.patternProperties ?? {})) yield* problemsOf(value, `${path}.*`, described);
  if (schema.items) yield* problemsOf(schema.items, `${path}[]`, described);
  for (const choice of schema.anyOf ?? []) yield* problemsOf(choice, `${path}|`, described);
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}
