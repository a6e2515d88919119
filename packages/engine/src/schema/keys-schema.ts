import { jsonSchema, type TSchema } from '@falco-talon/core';
import { editorSchema, type EditorSchema } from './editor-schema.ts';

interface KeysOptions<K extends string> {
  /** Empty: said elsewhere. */
  readonly meaning: Readonly<Record<NoInfer<K>, string>>;
  /** What is more to say about some of the keys; a `$ref` stands alone. */
  readonly more?: Readonly<Partial<Record<NoInfer<K>, EditorSchema>>>;
  readonly required?: readonly NoInfer<K>[];
}

/** A map that may have these keys and no others. */
export function keysSchema<K extends string>(
  keys: Readonly<Record<K, TSchema>>,
  { meaning, more, required = [] }: KeysOptions<K>,
): EditorSchema {
  const properties = Object.entries<TSchema>(keys).map(([name, schema]) => {
    const key = name as K;
    const extra = more?.[key];
    if (extra !== undefined && '$ref' in extra) return [key, extra];
    const own = editorSchema(jsonSchema(schema), 'part', !required.includes(key));
    return [key, { ...(meaning[key] === '' ? {} : { description: meaning[key] }), ...own, ...extra }];
  });
  return {
    type: 'object',
    ...(required.length === 0 ? {} : { required }),
    properties: Object.fromEntries(properties) as EditorSchema,
    additionalProperties: false,
  };
}
