import type { ManagedFieldsEntry } from '../api-object.ts';
import type { Json, JsonObject } from '../json.ts';
import { isObject, quote, sameJson, setKey } from '../json.ts';
import type { Schema, StructSchema } from '../schema/schema.ts';
import { fieldSchema } from '../schema/schema.ts';
import type { Cause } from '../server/answer.ts';
import { refuse } from '../server/answer.ts';
import type { FieldPath } from './field-paths.ts';
import { displayPath, fieldPaths, fromFieldsV1, removeField } from './field-paths.ts';
import type { Manager } from './managed-fields.ts';
import { changes, entryFor, isEntryOf, without } from './managed-fields.ts';

function mergeItems(keys: readonly string[], of: Schema, live: readonly Json[], applied: readonly Json[]): Json[] {
  const same = (a: Json, b: Json): boolean =>
    isObject(a) && isObject(b) && keys.every((key) => sameJson(a[key], b[key]));
  const result = live.map((item) => {
    const wanted = applied.find((other) => same(item, other));
    return wanted === undefined ? item : mergeApplied(of, item, wanted);
  });
  return [...result, ...applied.filter((item) => !live.some((other) => same(item, other)))];
}

function mergeApplied(schema: Schema, live: Json | undefined, applied: Json): Json {
  if (Array.isArray(applied)) {
    if (typeof schema === 'string' || schema.type !== 'list' || !Array.isArray(live)) return applied;
    if (schema.keys !== undefined) return mergeItems(schema.keys, schema.of, live, applied);
    return schema.set === true ? [...live, ...applied.filter((v) => !live.some((o) => sameJson(o, v)))] : applied;
  }
  const atomic = typeof schema !== 'string' && schema.type === 'struct' && schema.atomic === true;
  if (!isObject(applied) || !isObject(live) || atomic) return applied;
  const result: JsonObject = { ...live };
  for (const [key, value] of Object.entries(applied)) {
    const inner = typeof schema === 'string' || schema.type === 'list' ? 'any' : (fieldSchema(schema, key) ?? 'any');
    setKey(result, key, mergeApplied(inner, Object.hasOwn(live, key) ? live[key] : undefined, value));
  }
  return result;
}

function managerText(entry: ManagedFieldsEntry): string {
  const subresource = entry.subresource === undefined ? '' : ` with subresource ${quote(entry.subresource)}`;
  const name = `${quote(entry.manager)}${subresource}`;
  if (entry.operation === 'Apply') return name;
  return `${name} using ${entry.apiVersion}${entry.time === undefined ? '' : ` at ${entry.time}`}`;
}

interface Conflict {
  readonly manager: string;
  readonly field: string;
}

function conflictsWith(entry: ManagedFieldsEntry, changed: ReadonlySet<FieldPath>): readonly Conflict[] {
  return fromFieldsV1(entry.fieldsV1)
    .filter((path) => changed.has(path))
    .map((path) => ({ manager: managerText(entry), field: displayPath(path) }));
}

/** 409 without name or kind in its details, as the server has it. */
function conflictRefusal(conflicts: readonly Conflict[]): Error {
  const managers = [...new Set(conflicts.map((conflict) => conflict.manager))];
  const parts = managers.map((manager) => {
    const fields = conflicts.filter((conflict) => conflict.manager === manager).map((conflict) => conflict.field);
    if (fields.length === 1) return `conflict with ${manager}: ${fields[0] ?? ''}`;
    return `conflicts with ${manager}:\n${fields.map((field) => `- ${field}`).join('\n')}`;
  });
  const counted = conflicts.length === 1 ? '1 conflict' : `${conflicts.length} conflicts`;
  const causes: Cause[] = conflicts.map(({ manager, field }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${manager}`,
    field,
  }));
  return refuse({
    code: 409,
    reason: 'Conflict',
    message: `Apply failed with ${counted}: ${parts.join('\n')}`,
    details: { causes: causes as unknown as Json },
  });
}

export interface ApplyInput {
  readonly schema: StructSchema;
  /** Empty for an object that does not exist yet. */
  readonly live: JsonObject;
  readonly applied: JsonObject;
  readonly entries: readonly ManagedFieldsEntry[];
  readonly manager: Manager;
  readonly force: boolean;
}

export interface Applied {
  readonly object: JsonObject;
  readonly entries: readonly ManagedFieldsEntry[];
}

/** Server-side apply. @throws Refusal 409 when another manager owns a field whose value would change. */
export function applyConfiguration(input: ApplyInput): Applied {
  const { schema, live, applied, manager } = input;
  const object = structuredClone(mergeApplied(schema, live, applied)) as JsonObject;
  const changed = changes(schema, live, object).set;
  const others = input.entries.filter((entry) => !isEntryOf(entry, manager));
  const conflicts = others.flatMap((entry) => conflictsWith(entry, changed));
  if (conflicts.length > 0 && !input.force) throw conflictRefusal(conflicts);

  const own = new Set(
    [...fieldPaths(schema, applied)].filter(([, leaf]) => leaf.kind !== 'container').map(([path]) => path),
  );
  const kept = others.flatMap((entry) => without(entry, changed) ?? []);
  const stillOwned = new Set(kept.flatMap((entry) => fromFieldsV1(entry.fieldsV1)));
  const previous = input.entries.find((entry) => isEntryOf(entry, manager));
  for (const path of previous === undefined ? [] : fromFieldsV1(previous.fieldsV1)) {
    if (!own.has(path) && !stillOwned.has(path)) removeField(object, path);
  }

  const entry = entryFor(manager, own);
  const same = previous !== undefined && sameJson(previous.fieldsV1, entry.fieldsV1) && sameJson(object, live);
  const position = input.entries.findIndex((other) => isEntryOf(other, manager));
  const mine = own.size === 0 ? [] : [same ? previous : entry];
  const before = kept.filter(
    (other) => position < 0 || input.entries.findIndex((e) => isEntryOf(e, asManager(other))) < position,
  );
  return { object, entries: [...before, ...mine, ...kept.filter((other) => !before.includes(other))] };
}

function asManager(entry: ManagedFieldsEntry): Manager {
  const { manager: name, operation, apiVersion, subresource } = entry;
  return { name, operation, apiVersion, time: '', ...(subresource === undefined ? {} : { subresource }) };
}
