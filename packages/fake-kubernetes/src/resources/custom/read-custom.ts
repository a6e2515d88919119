import type { JsonObject } from '../../json.ts';
import { isObject } from '../../json.ts';
import type { Decoded } from '../../schema/decode.ts';
import { decode } from '../../schema/decode.ts';
import { objectMeta } from '../../schema/metadata.ts';
import type { Resource } from '../resource.ts';
import type { OpenApi } from './open-api.ts';
import { prune } from './open-api.ts';

const ALWAYS = ['apiVersion', 'kind', 'metadata'];

/** Types are looked at later, by validation; here only what nobody knows is taken out. */
function decodeCustom(openApi: OpenApi, value: JsonObject): Decoded {
  const unknown: string[] = [];
  const { apiVersion = '', kind = '', metadata, ...rest } = value;
  const own = Object.fromEntries(Object.entries(openApi.properties ?? {}).filter(([key]) => !ALWAYS.includes(key)));
  const meta = decode(objectMeta, isObject(metadata) ? metadata : {});
  const pruned = prune({ ...openApi, properties: own }, rest, '', unknown) as JsonObject;
  return {
    value: { apiVersion, kind, metadata: meta.value, ...pruned },
    unknown: [...unknown, ...meta.unknown.map((field) => `metadata.${field}`)],
    ...(meta.wrongType === undefined ? {} : { wrongType: meta.wrongType }),
  };
}

/** Reads an object of the kind: known fields, and the names of the others. */
export function decodeObject(resource: Resource, value: JsonObject): Decoded {
  return resource.custom === undefined ? decode(resource.schema, value) : decodeCustom(resource.custom, value);
}
