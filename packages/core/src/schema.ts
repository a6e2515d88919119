import Type, { type TObject, type TProperties, type TSchema } from 'typebox';

export { Type };
export type { Static, TObject, TProperties, TSchema, TString } from 'typebox';

/** An object whose unknown keys are errors. The only kind of object settings and parameters may be. */
export function strictObject<const T extends TProperties>(properties: T, options: { description?: string } = {}) {
  return Type.Object(properties, { ...options, additionalProperties: false });
}

/** One of these words. */
export function oneOf<const T extends readonly string[]>(
  words: T,
  options: { description?: string; default?: T[number] } = {},
) {
  return Type.Enum<[...T]>([...words], options);
}

/** The part of JSON Schema that settings and parameters are written in. */
export interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: boolean | JsonSchema;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minProperties?: number;
  readonly pattern?: string;
  /** What the pattern says, in words for an error message: `a namespace (at most 63 …)`. */
  readonly form?: string;
  readonly format?: string;
  /** A secret: never shown in an error message or a printed configuration. */
  readonly writeOnly?: boolean;
}

export function jsonSchema(schema: TSchema): JsonSchema {
  return schema as unknown as JsonSchema;
}

/** The schema as editors need it: a key with a default may be left out, so it is not required. */
export function publishedSchema(schema: TSchema): JsonSchema {
  return publish(jsonSchema(schema));
}

function publish(schema: JsonSchema): JsonSchema {
  const result: Record<string, unknown> = { ...schema };
  if (schema.properties) {
    result['properties'] = mapValues(schema.properties, publish);
    const required = (schema.required ?? []).filter((key) => schema.properties?.[key]?.default === undefined);
    if (required.length > 0) result['required'] = required;
    else delete result['required'];
  }
  if (schema.patternProperties) result['patternProperties'] = mapValues(schema.patternProperties, publish);
  if (schema.items) result['items'] = publish(schema.items);
  if (schema.anyOf) result['anyOf'] = schema.anyOf.map(publish);
  return result;
}

function mapValues<T, R>(record: Readonly<Record<string, T>>, change: (value: T) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

export const emptyObject: TObject = strictObject({});
