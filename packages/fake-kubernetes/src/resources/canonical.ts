import type { ApiObject, Metadata } from '../api-object.ts';
import type { Json } from '../json.ts';
import { isObject, setKey } from '../json.ts';
import { objectMeta } from '../schema/metadata.ts';
import type { Resource } from './resource.ts';
import { apiVersionOf } from './resource.ts';

const ORDER = Object.keys(objectMeta.fields) as (keyof Metadata)[];

/** As Go writes a map. */
function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  const result: Record<string, Json> = {};
  for (const key of Object.keys(value).toSorted()) setKey(result, key, sorted(value[key] ?? null));
  return result;
}

/** The object with its keys, and those of its metadata, in the order the server writes them. */
export function canonical(resource: Resource, object: ApiObject): ApiObject {
  const { kind: _kind, apiVersion: _apiVersion, metadata, ...rest } = resource.form?.(object) ?? object;
  const known = ORDER.filter(
    (key) => metadata[key] !== undefined && !(key === 'resourceVersion' && metadata[key] === ''),
  );
  if (resource.custom !== undefined) {
    const own = known.map((key) => [key, metadata[key]]);
    const whole = {
      kind: resource.kind,
      apiVersion: apiVersionOf(resource),
      metadata: Object.fromEntries(own),
      ...rest,
    };
    return sorted(whole as unknown as Json) as unknown as ApiObject;
  }
  return {
    kind: resource.kind,
    apiVersion: apiVersionOf(resource),
    metadata: Object.fromEntries(known.map((key) => [key, metadata[key]])) as unknown as Metadata,
    ...rest,
  };
}
