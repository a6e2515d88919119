import type { ManagedFieldsEntry } from '../api-object.ts';
import type { JsonObject } from '../json.ts';
import { sameJson } from '../json.ts';
import type { StructSchema } from '../schema/schema.ts';
import type { FieldPath } from './field-paths.ts';
import { fieldPaths, fromFieldsV1, toFieldsV1 } from './field-paths.ts';

export interface Manager {
  readonly name: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly time: string;
  readonly subresource?: string;
}

export function isEntryOf(entry: ManagedFieldsEntry, manager: Manager): boolean {
  return (
    entry.manager === manager.name &&
    entry.operation === manager.operation &&
    entry.apiVersion === manager.apiVersion &&
    (entry.subresource ?? '') === (manager.subresource ?? '')
  );
}

export function entryFor(manager: Manager, paths: Iterable<FieldPath>): ManagedFieldsEntry {
  return {
    manager: manager.name,
    operation: manager.operation,
    apiVersion: manager.apiVersion,
    time: manager.time,
    fieldsType: 'FieldsV1',
    fieldsV1: toFieldsV1(paths),
    ...(manager.subresource === undefined ? {} : { subresource: manager.subresource }),
  };
}

/** The entry without the given fields; `undefined` when it has none left. */
export function without(entry: ManagedFieldsEntry, gone: ReadonlySet<FieldPath>): ManagedFieldsEntry | undefined {
  const kept = fromFieldsV1(entry.fieldsV1).filter((path) => !gone.has(path));
  return kept.length === 0 ? undefined : { ...entry, fieldsV1: toFieldsV1(kept) };
}

function only(object: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(keys.flatMap((key) => (object[key] === undefined ? [] : [[key, object[key]]])));
}

/** What differs between two versions of an object. */
export function changes(
  schema: StructSchema,
  before: JsonObject,
  after: JsonObject,
): { readonly set: ReadonlySet<FieldPath>; readonly removed: ReadonlySet<FieldPath> } {
  // Most writes touch one part of an object: only the parts that differ are walked.
  const parts = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const touched = parts.filter((key) => !sameJson(before[key], after[key]));
  const old = fieldPaths(schema, only(before, touched));
  const current = fieldPaths(schema, only(after, touched));
  const set = [...current].filter(([path, leaf]) => !old.has(path) || !sameJson(old.get(path)?.value, leaf.value));
  return {
    set: new Set(set.map(([path]) => path)),
    removed: new Set([...old.keys()].filter((path) => !current.has(path))),
  };
}

/** Ownership after a create, a PUT or a patch other than apply: who wrote a field last owns it alone. */
export function ownedAfterUpdate(
  entries: readonly ManagedFieldsEntry[],
  schema: StructSchema,
  before: JsonObject,
  after: JsonObject,
  manager: Manager,
): readonly ManagedFieldsEntry[] {
  const { set, removed } = changes(schema, before, after);
  if (set.size === 0 && removed.size === 0) return entries;
  const lost = new Set([...set, ...removed]);
  const result: ManagedFieldsEntry[] = [];
  let seen = false;
  for (const entry of entries) {
    if (!isEntryOf(entry, manager)) {
      const left = without(entry, lost);
      if (left !== undefined) result.push(left);
      continue;
    }
    seen = true;
    const own = new Set([...fromFieldsV1(entry.fieldsV1).filter((path) => !removed.has(path)), ...set]);
    if (own.size > 0) result.push(entryFor(manager, own));
  }
  if (!seen && set.size > 0) result.push(entryFor(manager, set));
  return result;
}
