import { closeSync, openSync, readSync } from 'node:fs';
import { delimiter } from 'node:path';
import type { JsonSchema } from '@falco-talon/core';
import { fileError } from './file-error.ts';
import { emptyMap, squeezed, type ConfigMap } from './file-values.ts';
import { OLD_KEYS } from './host-schema.ts';
import type { Branch, Leaf } from './owners.ts';
import type { ConfigProblem, Origins } from './origins.ts';

export type Variables = Readonly<Record<string, string | undefined>>;

const PREFIX = 'FALCO_TALON';
/** Bytes of a file named by a `…_FILE` variable. */
const MAX_SECRET = 1024 * 1024;

/** A key that holds a value, with the names the environment may give it, the first one that is set winning. */
export interface EnvironmentKey {
  readonly path: readonly string[];
  readonly schema: JsonSchema;
  /** `FALCO_TALON_LISTEN_PORT` */
  readonly name: string;
  /** `LISTEN_PORT`, `LISTENPORT` */
  readonly oldNames: readonly string[];
}

/** Every key the environment can set, in the order of the tree. Sections without an owner are not among them. */
export function environmentKeys(root: Branch): readonly EnvironmentKey[] {
  const keys: EnvironmentKey[] = [];
  walk(root, [], []);
  return keys;

  function walk(node: Branch | Leaf, path: readonly string[], old: readonly (readonly string[])[]): void {
    if (node.type === 'leaf') {
      if (node.owner !== undefined)
        keys.push({ path, schema: node.schema, name: variableName([PREFIX, ...path]), oldNames: oldNames(path, old) });
      return;
    }
    for (const [key, child] of node.keys) {
      const renamed = Array.from(node.oldNames)
        .filter(([, name]) => name === key)
        .map(([name]) => name);
      walk(child, [...path, key], [...old, renamed]);
    }
  }
}

function oldNames(path: readonly string[], renamed: readonly (readonly string[])[]): readonly string[] {
  if (!OLD_KEYS.has(path[0]!)) return [];
  const names = [path, path.map(squeezed)];
  for (const old of renamed.at(-1) ?? []) names.push([...path.slice(0, -1).map(squeezed), old]);
  return [...new Set(names.map(variableName))];
}

function variableName(segments: readonly string[]): string {
  return segments
    .join('_')
    .replaceAll(/[^A-Za-z0-9]/g, '_')
    .toUpperCase();
}

/**
 * Lays the environment's values over `value`. An empty variable counts as not set. `FALCO_TALON_<KEY>_FILE` names a file
 * that holds the value; a line break at its end is dropped.
 */
export function applyEnvironment(
  value: ConfigMap,
  root: Branch,
  variables: Variables,
  origins: Origins,
): readonly ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const keys = environmentKeys(root);
  const own = new Set(keys.map(({ name }) => name));
  for (const key of keys) {
    const found = lookUp(key, variables, own, problems);
    if (found === undefined) continue;
    put(value, key.path, parsed(found.text, key.schema));
    origins.set(key.path, `environment variable ${found.variable}`);
  }
  return problems;
}

function lookUp(
  { path, name, oldNames }: EnvironmentKey,
  variables: Variables,
  own: ReadonlySet<string>,
  problems: ConfigProblem[],
): { readonly variable: string; readonly text: string } | undefined {
  const fileVariable = `${name}_FILE`;
  // `x_file` may be a key of its own.
  const file = own.has(fileVariable) ? undefined : variables[fileVariable];
  if (file !== undefined && file !== '') {
    const where = `environment variable ${fileVariable}`;
    if (variables[name])
      problems.push({ where, path: path.join('.'), message: `${name} is set too; set only one of them` });
    try {
      return { variable: fileVariable, text: readSecret(file).replace(/\r?\n$/, '') };
    } catch (error) {
      problems.push({ where, path: path.join('.'), message: `${file}: ${fileError(error)}` });
      return undefined;
    }
  }
  for (const variable of [name, ...oldNames]) {
    const text = variables[variable];
    if (text === undefined || text === '') continue;
    // Kubernetes tools read several files from KUBECONFIG; the client knows how, a single path does not.
    if (variable === 'KUBECONFIG' && text.includes(delimiter)) continue;
    return { variable, text };
  }
  return undefined;
}

/** Reads no more than it must to know that a file is too large: a device has no end. */
function readSecret(file: string): string {
  const buffer = Buffer.alloc(MAX_SECRET + 1);
  const fd = openSync(file, 'r');
  try {
    let length = 0;
    for (let read = -1; read !== 0 && length < buffer.length; length += read) {
      read = readSync(fd, buffer, length, buffer.length - length, null);
    }
    if (length > MAX_SECRET) throw new Error(`${file} is larger than ${MAX_SECRET} bytes`);
    return buffer.toString('utf8', 0, length);
  } finally {
    closeSync(fd);
  }
}

function parsed(text: string, schema: JsonSchema): unknown {
  if (schema.type === 'array') {
    return text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
  }
  if (schema.type !== 'object') return text;
  try {
    return JSON.parse(text);
  } catch {
    return text; // the schema says that a map was expected
  }
}

/** A map in the way that is none (a mistake of the file) stays, for the schema to refuse. */
function put(root: ConfigMap, path: readonly string[], value: unknown): void {
  let node = root;
  for (const key of path.slice(0, -1)) {
    node[key] ??= emptyMap();
    if (typeof node[key] !== 'object' || Array.isArray(node[key])) return;
    node = node[key] as ConfigMap;
  }
  node[path.at(-1)!] = value;
}
