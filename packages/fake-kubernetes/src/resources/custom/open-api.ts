import type { Json, JsonObject } from '../../json.ts';
import { isObject, setKey } from '../../json.ts';
import type { Schema } from '../../schema/schema.ts';

/** A structural schema, as far as this server follows it. https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema */
export interface OpenApi {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, OpenApi>>;
  readonly additionalProperties?: OpenApi;
  readonly items?: OpenApi;
  readonly required?: readonly string[];
  readonly enum?: readonly Json[];
  readonly pattern?: string;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly default?: Json;
  readonly nullable?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
}

export function keepsUnknown(schema: OpenApi): boolean {
  return schema['x-kubernetes-preserve-unknown-fields'] === true;
}

/** The schema in the form that decides ownership and how apply merges. */
export function ownership(schema: OpenApi): Schema {
  const { properties, additionalProperties, items } = schema;
  if (items !== undefined) {
    const type = schema['x-kubernetes-list-type'] ?? 'atomic';
    const keys = schema['x-kubernetes-list-map-keys'];
    const of = ownership(items);
    if (type === 'set') return { type: 'list', of, set: true };
    return type === 'map' && keys !== undefined ? { type: 'list', of, keys } : { type: 'list', of };
  }
  if (additionalProperties !== undefined) return { type: 'map', of: ownership(additionalProperties) };
  if (properties === undefined) return keepsUnknown(schema) ? 'free' : 'any';
  const fields = Object.fromEntries(Object.entries(properties).map(([key, inner]) => [key, ownership(inner)]));
  return { type: 'struct', go: '', fields, counted: true, ...(keepsUnknown(schema) ? { open: true } : {}) };
}

/** The value without what the schema does not know; the paths of what was dropped go to `unknown`. */
export function prune(schema: OpenApi, value: Json, path: string, unknown: string[]): Json {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined ? value : value.map((item, i) => prune(items, item, `${path}[${i}]`, unknown));
  }
  if (!isObject(value)) return value;
  const result: JsonObject = {};
  for (const [key, item] of Object.entries(value)) {
    const inner = fieldOf(schema, key);
    const place = path === '' ? key : `${path}.${key}`;
    if (inner === undefined && !keepsUnknown(schema)) unknown.push(place);
    // A null is only stored where the schema allows it, or nobody knows the field.
    else if (inner === undefined) setKey(result, key, item);
    else if (item !== null || inner.nullable === true) setKey(result, key, prune(inner, item, place, unknown));
  }
  return result;
}

function fieldOf({ properties, additionalProperties }: OpenApi, key: string): OpenApi | undefined {
  if (properties !== undefined && Object.hasOwn(properties, key)) return properties[key];
  return additionalProperties;
}

/** Fills in the defaults of absent fields whose parent is there. Changes `value`. */
export function fillDefaults(schema: OpenApi, value: Json): void {
  if (Array.isArray(value)) {
    if (schema.items !== undefined) for (const item of value) fillDefaults(schema.items, item);
    return;
  }
  if (!isObject(value)) return;
  for (const [key, inner] of Object.entries(schema.properties ?? {})) {
    if (inner.default !== undefined && !Object.hasOwn(value, key)) setKey(value, key, structuredClone(inner.default));
    const item = value[key];
    if (item !== undefined) fillDefaults(inner, item);
  }
}
