import type { ApiObject, Metadata } from '../api-object.ts';
import { objectMeta } from '../schema/metadata.ts';
import type { Resource } from './resource.ts';
import { apiVersionOf } from './resource.ts';

const ORDER = Object.keys(objectMeta.fields) as (keyof Metadata)[];

/** The object with its keys, and those of its metadata, in the order the server writes them. */
export function canonical(resource: Resource, object: ApiObject): ApiObject {
  const { kind: _kind, apiVersion: _apiVersion, metadata, ...rest } = resource.form?.(object) ?? object;
  const known = ORDER.filter(
    (key) => metadata[key] !== undefined && !(key === 'resourceVersion' && metadata[key] === ''),
  );
  return {
    kind: resource.kind,
    apiVersion: apiVersionOf(resource),
    metadata: Object.fromEntries(known.map((key) => [key, metadata[key]])) as unknown as Metadata,
    ...rest,
  };
}
