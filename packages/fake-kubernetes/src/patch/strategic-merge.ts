import type { Json, JsonObject } from '../json.ts';
import { isObject, sameJson, setKey } from '../json.ts';
import type { ListSchema, Schema } from '../schema/schema.ts';
import { fieldSchema } from '../schema/schema.ts';

const DIRECTIVES = ['$patch', '$retainKeys', '$deleteFromPrimitiveList', '$setElementOrder'];

function isDirective(key: string): boolean {
  return DIRECTIVES.some((directive) => key === directive || key.startsWith(`${directive}/`));
}

/** A list the patch merges by key: items known are merged where they stand, new ones come before them. */
function mergeKeyed(schema: ListSchema, key: string, current: readonly Json[], patch: readonly Json[]): Json[] {
  const items = patch.filter(isObject);
  if (items.some((item) => item['$patch'] === 'replace')) return items.filter((item) => item['$patch'] !== 'replace');
  let result = [...current];
  const added: Json[] = [];
  for (const item of items) {
    const position = result.findIndex((existing) => isObject(existing) && sameJson(existing[key], item[key]));
    if (item['$patch'] === 'delete') result = result.filter((_, index) => index !== position);
    else if (position < 0) added.push(strategicMerge(schema.of, undefined, item));
    else result[position] = strategicMerge(schema.of, result[position], item);
  }
  return [...added, ...result];
}

function mergeList(schema: Schema, current: Json | undefined, patch: readonly Json[]): Json {
  if (typeof schema === 'string' || schema.type !== 'list') return [...patch];
  const existing = Array.isArray(current) ? current : [];
  if (schema.set === true)
    return [...existing, ...patch.filter((item) => !existing.some((old) => sameJson(old, item)))];
  return schema.patchKey === undefined ? [...patch] : mergeKeyed(schema, schema.patchKey, existing, patch);
}

function deletedFromSet(patch: JsonObject, key: string, value: Json): Json {
  const gone = patch[`$deleteFromPrimitiveList/${key}`];
  if (!Array.isArray(gone) || !Array.isArray(value)) return value;
  return value.filter((item) => !gone.some((other) => sameJson(item, other)));
}

/**
 * The strategic merge patch: like a merge patch, but lists that have a merge key are merged item by item and `$patch`
 * directs. A list without a merge key is replaced as it comes, directives included.
 */
export function strategicMerge(schema: Schema, current: Json | undefined, patch: Json): Json {
  if (Array.isArray(patch)) return mergeList(schema, current, patch);
  if (!isObject(patch)) return patch;
  if (patch['$patch'] === 'replace') {
    return Object.fromEntries(Object.entries(patch).filter(([key]) => !isDirective(key)));
  }
  const result: JsonObject = isObject(current) && patch['$patch'] !== 'delete' ? { ...current } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (isDirective(key)) continue;
    if (value === null) {
      delete result[key];
      continue;
    }
    const inner = typeof schema === 'string' || schema.type === 'list' ? 'any' : (fieldSchema(schema, key) ?? 'any');
    setKey(result, key, strategicMerge(inner, Object.hasOwn(result, key) ? result[key] : undefined, value));
  }
  for (const key of Object.keys(result)) setKey(result, key, deletedFromSet(patch, key, result[key] ?? null));
  return result;
}
