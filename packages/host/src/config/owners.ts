import { jsonSchema, oneOf, strictObject, type JsonSchema } from '@falco-talon/core';
import type { Registry } from '@falco-talon/engine';
import { hostSchema, RESERVED_SECTIONS, RENAMED } from './host-schema.ts';
import { isRequired } from './sections.ts';

export type SectionKind = 'host' | 'client' | 'notifier' | 'queue' | 'guard' | 'election';

/** Somebody whose keys stand in config.yaml. */
export interface Owner {
  readonly kind: SectionKind;
  /** Client id, name of a notifier, queue, guard or election; empty for the program itself. */
  readonly name: string;
  /** For messages. */
  readonly label: string;
  /** Where the keys stand; empty for the top level. */
  readonly path: readonly string[];
  readonly schema: JsonSchema;
  /** Former names of keys. */
  readonly oldNames: Readonly<Record<string, string>>;
}

export const hostOwner: Owner = {
  kind: 'host',
  name: '',
  label: 'Falco Talon',
  path: [],
  schema: jsonSchema(hostSchema),
  oldNames: RENAMED,
};

/** The program and everything in the loaded plugins that has settings. */
export function ownersOf(registry: Registry): readonly Owner[] {
  const queueNames = [...registry.queues.keys()];
  const queue = strictObject({
    type: oneOf(queueNames, {
      default: queueNames.includes('sqlite') ? 'sqlite' : 'memory',
      description: 'Where accepted alerts wait. `memory` forgets them when the process ends.',
    }),
  });
  const owners: Owner[] = [
    hostOwner,
    { kind: 'host', name: 'queue', label: 'Falco Talon', path: ['queue'], schema: jsonSchema(queue), oldNames: {} },
  ];
  for (const [id, client] of registry.clients) {
    const path = client.section === '' ? [] : client.section.split('.');
    owners.push({
      kind: 'client',
      name: id,
      label: `client ${id}`,
      path,
      schema: jsonSchema(client.settings),
      oldNames: {},
    });
  }
  for (const [name, { part, plugin }] of registry.notifiers) {
    const label = `notifier ${name} of ${plugin}`;
    const schema = jsonSchema(part.settings);
    owners.push({ kind: 'notifier', name, label, path: ['notifiers', name], schema, oldNames: part.oldNames ?? {} });
  }
  for (const [name, { part, plugin }] of registry.queues) {
    const label = `queue ${name} of ${plugin}`;
    owners.push({ kind: 'queue', name, label, path: ['queue', name], schema: jsonSchema(part.settings), oldNames: {} });
  }
  for (const [name, { part, plugin }] of registry.elections) {
    const label = `election ${name} of ${plugin}`;
    const schema = jsonSchema(part.settings);
    owners.push({ kind: 'election', name, label, path: ['election', name], schema, oldNames: {} });
  }
  for (const [name, { part, plugin }] of registry.guards) {
    if (!part.settings) continue;
    const label = `guard ${name} of ${plugin}`;
    owners.push({ kind: 'guard', name, label, path: ['guard', name], schema: jsonSchema(part.settings), oldNames: {} });
  }
  return owners;
}

/** A map of the config with known keys, or (a leaf) a value somebody's schema describes. */
export interface Branch {
  readonly type: 'branch';
  readonly keys: Map<string, Branch | Leaf>;
  /** Old name → today's. */
  readonly oldNames: Map<string, string>;
}
export interface Leaf {
  readonly type: 'leaf';
  readonly schema: JsonSchema;
  readonly owner: Owner | undefined;
  /** It has to be given where its owner is in use. */
  readonly required: boolean;
}

export interface SchemaTree {
  readonly root: Branch;
  /** Keys with two owners; each sentence names both. */
  readonly clashes: readonly string[];
}

/** All owners' keys in one tree, beside the sections that are accepted without an owner. */
export function schemaTree(owners: readonly Owner[]): SchemaTree {
  const root = branch();
  const clashes: string[] = [];

  function insert(owner: Owner, path: readonly string[], schema: JsonSchema, required: boolean): void {
    if (schema.type === 'object' && schema.properties !== undefined) {
      const node = descend(owner, path);
      if (node === undefined) return;
      for (const [key, property] of Object.entries(schema.properties))
        insert(owner, [...path, key], property, isRequired(schema, key));
      return;
    }
    const key = path.at(-1);
    const parent = descend(owner, path.slice(0, -1));
    if (key === undefined || parent === undefined) return;
    const present = parent.keys.get(key);
    if (present === undefined) parent.keys.set(key, { type: 'leaf', schema, owner, required });
    else clash(path, owner, present.type === 'leaf' ? present.owner : undefined);
  }

  function descend(owner: Owner, path: readonly string[]): Branch | undefined {
    let node = root;
    for (const [index, key] of path.entries()) {
      const next = node.keys.get(key) ?? branch();
      if (next.type === 'leaf') {
        clash(path.slice(0, index + 1), owner, next.owner);
        return undefined;
      }
      node.keys.set(key, next);
      node = next;
    }
    return node;
  }

  function clash(path: readonly string[], one: Owner, other: Owner | undefined): void {
    clashes.push(
      `config key ${path.join('.')} is claimed by both ${other?.label ?? 'another section'} and ${one.label}; load only one of them`,
    );
  }

  for (const owner of owners) {
    insert(owner, owner.path, owner.schema, false);
    const node = descend(owner, owner.path);
    for (const [old, key] of Object.entries(owner.oldNames)) node?.oldNames.set(old, key);
  }
  for (const path of RESERVED_SECTIONS) reserve(root, path);
  return { root, clashes };
}

function branch(): Branch {
  return { type: 'branch', keys: new Map(), oldNames: new Map() };
}

function reserve(root: Branch, path: readonly string[]): void {
  let node = root;
  for (const key of path.slice(0, -1)) {
    const next = node.keys.get(key) ?? branch();
    if (next.type === 'leaf') return;
    node.keys.set(key, next);
    node = next;
  }
  const key = path.at(-1)!;
  if (!node.keys.has(key)) node.keys.set(key, { type: 'leaf', schema: {}, owner: undefined, required: false });
}

/**
 * The tree as one schema: strict, nothing required, since requirements count only for owners in use. What has a secret in it
 * is one itself: whoever writes the secret in place of the map must not read it in the message.
 */
export function treeSchema(node: Branch | Leaf): JsonSchema {
  if (node.type === 'leaf') return holdsSecret(node.schema) ? { ...node.schema, writeOnly: true } : node.schema;
  const properties = Object.fromEntries(Array.from(node.keys, ([key, child]) => [key, treeSchema(child)]));
  const schema: JsonSchema = { type: 'object', properties, additionalProperties: false };
  return holdsSecret(schema) ? { ...schema, writeOnly: true } : schema;
}

export function holdsSecret({ writeOnly, properties, patternProperties, items }: JsonSchema): boolean {
  if (writeOnly === true) return true;
  const inner = [
    ...Object.values(properties ?? {}),
    ...Object.values(patternProperties ?? {}),
    ...(items ? [items] : []),
  ];
  return inner.some(holdsSecret);
}

/** `url_file` names a file that holds the secret `url`: the name of that key. Undefined: this is no such key. */
export function secretFileKey(written: string, { keys }: Branch): string | undefined {
  if (keys.has(written) || !written.endsWith('_file')) return undefined;
  const key = written.slice(0, -'_file'.length);
  const secret = keys.get(key);
  return secret?.type === 'leaf' && secret.schema.type === 'string' && secret.schema.writeOnly === true
    ? key
    : undefined;
}
