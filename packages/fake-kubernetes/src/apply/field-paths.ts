import type { Json, JsonObject } from '../json.ts';
import { isObject, sameJson, setKey } from '../json.ts';
import type { ListSchema, Schema, StructSchema } from '../schema/schema.ts';
import { fieldSchema } from '../schema/schema.ts';

/**
 * A field as `managedFields` writes it, its steps joined by a newline: `f:metadata\nf:labels\nf:app`,
 * `f:spec\nf:containers\nk:{"name":"main"}\n.`.
 */
export type FieldPath = string;
export type FieldPaths = ReadonlyMap<FieldPath, Leaf>;

export interface Leaf {
  readonly value: Json;
  /** `container` is the map or list itself, owned by an update that added it but not by an apply. */
  readonly kind: 'leaf' | 'item' | 'container';
}

/** Nobody owns these. */
const UNOWNED = new Set(
  ['name', 'namespace', 'selfLink', 'uid', 'resourceVersion', 'generation', 'managedFields']
    .concat(['creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds'])
    .map((key) => `f:metadata\nf:${key}`)
    .concat(['f:apiVersion', 'f:kind']),
);
/** Always present in Go's encoding, so never "added". */
const ALWAYS_PRESENT = /(^|\n)f:containers$/;

function join(prefix: FieldPath, step: string): FieldPath {
  return prefix === '' ? step : `${prefix}\n${step}`;
}

function itemStep(keys: readonly string[], item: JsonObject): string {
  const named = keys.filter((key) => Object.hasOwn(item, key)).map((key) => [key, item[key]] as const);
  return `k:${JSON.stringify(Object.fromEntries(named))}`;
}

function walkList(schema: ListSchema, value: readonly Json[], prefix: FieldPath, found: Map<FieldPath, Leaf>): void {
  const { keys, set } = schema;
  if (keys === undefined && set !== true) {
    found.set(prefix, { value: [...value], kind: 'leaf' });
    return;
  }
  if (!ALWAYS_PRESENT.test(prefix)) found.set(join(prefix, '.'), { value: null, kind: 'container' });
  for (const item of value) {
    if (keys === undefined || !isObject(item)) {
      found.set(join(prefix, `v:${JSON.stringify(item)}`), { value: item, kind: 'leaf' });
      continue;
    }
    const path = join(prefix, itemStep(keys, item));
    found.set(join(path, '.'), { value: null, kind: 'item' });
    walk(schema.of, item, path, found);
  }
}

const schemaInside = (schema: Schema): Schema => (schema === 'free' ? 'free' : 'any');

function walk(schema: Schema, value: Json, prefix: FieldPath, found: Map<FieldPath, Leaf>): void {
  if (UNOWNED.has(prefix)) return;
  if (Array.isArray(value) && typeof schema !== 'string' && schema.type === 'list') {
    walkList(schema, value, prefix, found);
    return;
  }
  const known = typeof schema === 'string' ? undefined : schema;
  const atomic = known?.type === 'struct' && known.atomic === true;
  if (!isObject(value) || known?.type === 'list' || atomic || Object.keys(value).length === 0) {
    if (prefix !== '') found.set(prefix, { value, kind: 'leaf' });
    return;
  }
  if (known?.type === 'map' || (known?.type === 'struct' && known.counted === true)) {
    found.set(join(prefix, '.'), { value: null, kind: 'container' });
  }
  if (schema === 'free') found.set(join(prefix, '.'), { value: null, kind: 'item' });
  for (const [key, item] of Object.entries(value)) {
    const inner = known === undefined ? schemaInside(schema) : (fieldSchema(known, key) ?? 'any');
    walk(inner, item, join(prefix, `f:${key}`), found);
  }
}

/** Every field an object sets. */
export function fieldPaths(schema: StructSchema, object: JsonObject): FieldPaths {
  const found = new Map<FieldPath, Leaf>();
  walk(schema, object, '', found);
  return found;
}

/** The nested form `fieldsV1` has. */
export function toFieldsV1(paths: Iterable<FieldPath>): JsonObject {
  const root: JsonObject = {};
  for (const path of [...paths].toSorted()) {
    let node = root;
    for (const step of path.split('\n')) {
      const next = Object.hasOwn(node, step) ? node[step] : undefined;
      if (isObject(next)) node = next;
      else {
        const created: JsonObject = {};
        setKey(node, step, created);
        node = created;
      }
    }
  }
  return root;
}

export function fromFieldsV1(tree: JsonObject, prefix: FieldPath = ''): readonly FieldPath[] {
  return Object.entries(tree).flatMap(([step, inner]) => {
    const path = join(prefix, step);
    return isObject(inner) && Object.keys(inner).length > 0 ? fromFieldsV1(inner, path) : [path];
  });
}

/** `.metadata.labels.owner`, `.spec.containers[name="main"].image`: how a conflict names a field. */
export function displayPath(path: FieldPath): string {
  return path
    .split('\n')
    .filter((step) => step !== '.')
    .map((step) => {
      if (step.startsWith('f:')) return `.${step.slice(2)}`;
      if (step.startsWith('v:')) return `[=${step.slice(2)}]`;
      const keys = JSON.parse(step.slice(2)) as JsonObject;
      return `[${Object.entries(keys)
        .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
        .join(',')}]`;
    })
    .join('');
}

function matchesStep(step: string, item: Json): boolean {
  const wanted = JSON.parse(step.slice(2)) as Json;
  if (step.startsWith('v:')) return sameJson(wanted, item);
  return (
    isObject(item) && isObject(wanted) && Object.entries(wanted).every(([key, value]) => sameJson(item[key], value))
  );
}

/** Takes the field out of the object, in place. */
export function removeField(object: JsonObject, path: FieldPath): void {
  const steps = path.split('\n');
  if (steps.at(-1) === '.') steps.pop();
  const last = steps.pop();
  let node: Json | undefined = object;
  for (const step of steps) {
    if (Array.isArray(node)) node = node.find((item) => matchesStep(step, item));
    else node = isObject(node) && Object.hasOwn(node, step.slice(2)) ? node[step.slice(2)] : undefined;
  }
  if (last === undefined || node === undefined) return;
  if (Array.isArray(node)) {
    const index = node.findIndex((item) => matchesStep(last, item));
    if (index >= 0) node.splice(index, 1);
  } else if (isObject(node)) delete node[last.slice(2)];
}
