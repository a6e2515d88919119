/**
 * The fields of a kind, as far as they decide something: which names are known, how lists are merged by a strategic patch
 * and by apply, who owns what. `any` is a part this server stores without looking inside, `free` the same in a custom resource,
 * where every object inside is owned itself, too.
 */
export type Schema = Scalar | 'any' | 'free' | MapSchema | ListSchema | StructSchema;

/** A `flag` is a boolean whose `false` is not stored (Go's omitempty); a `micro-time` has exactly six fraction digits. */
export type Scalar = 'string' | 'integer' | 'boolean' | 'flag' | 'integer-or-string' | 'time' | 'micro-time';

export interface MapSchema {
  readonly type: 'map';
  readonly of: Schema;
}

export interface ListSchema {
  readonly type: 'list';
  readonly of: Schema;
  /** Keys that identify an item for apply; without them the list is owned and replaced as a whole. */
  readonly keys?: readonly string[];
  /** The key a strategic merge patch merges items by; without it the list is replaced. */
  readonly patchKey?: string;
  /** A set of scalars: apply and strategic patches add to it. */
  readonly set?: boolean;
}

export interface StructSchema {
  readonly type: 'struct';
  /** The name of the type in the server's messages. */
  readonly go: string;
  readonly fields: Readonly<Record<string, Schema>>;
  /** Owned and replaced as a whole by apply. */
  readonly atomic?: boolean;
  /** Other fields are stored too: a kind this server keeps without knowing its fields. */
  readonly open?: boolean | 'free';
  /** An update that adds it owns the object itself, too, as with a map: part of a custom resource. */
  readonly counted?: boolean;
}

export const struct = (go: string, fields: Readonly<Record<string, Schema>>): StructSchema => ({
  type: 'struct',
  go,
  fields,
});
export const atomicStruct = (go: string, fields: Readonly<Record<string, Schema>>): StructSchema => ({
  type: 'struct',
  go,
  fields,
  atomic: true,
});
export const map = (of: Schema): MapSchema => ({ type: 'map', of });
export const list = (of: Schema): ListSchema => ({ type: 'list', of });
export const keyed = (of: Schema, patchKey: string, keys: readonly string[] = [patchKey]): ListSchema => ({
  type: 'list',
  of,
  keys,
  patchKey,
});
export const setOf = (of: Schema): ListSchema => ({ type: 'list', of, set: true });

/** The schema of the field `key`, `undefined` when the struct does not know it. */
export function fieldSchema(schema: StructSchema | MapSchema, key: string): Schema | undefined {
  if (schema.type === 'map') return schema.of;
  if (Object.hasOwn(schema.fields, key)) return schema.fields[key];
  if (schema.open === undefined || schema.open === false) return undefined;
  return schema.open === 'free' ? 'free' : 'any';
}
