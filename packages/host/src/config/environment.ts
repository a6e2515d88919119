import { delimiter } from 'node:path';
import type { JsonSchema } from '@falco-talon/core';
import { fileError } from './file-error.ts';
import { emptyMap, squeezed, type ConfigMap } from './file-values.ts';
import { OLD_KEYS } from './host-schema.ts';
import type { Branch, Leaf } from './owners.ts';
import type { ConfigProblem, Origin, Origins } from './origins.ts';
import { parseVariable } from './parse-variable.ts';
import { readSecret } from './secret-file.ts';

export type Variables = Readonly<Record<string, string | undefined>>;

const PREFIX = 'FALCO_TALON';

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
 * that holds the value.
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
    const origin: Origin = { from: 'environment', variable: found.variable };
    const parsed = parseVariable(found.text, key.schema);
    if (typeof parsed === 'string') problems.push({ origin, path: key.path.join('.'), message: parsed });
    else put(value, key.path, parsed.value);
    origins.set(key.path, origin);
  }
  return problems;
}

function lookUp(
  { path, name, oldNames }: EnvironmentKey,
  variables: Variables,
  own: ReadonlySet<string>,
  problems: ConfigProblem[],
): { readonly variable: string; readonly text: string } | undefined {
  const variable = `${name}_FILE`;
  // `x_file` may be a key of its own.
  const file = own.has(variable) ? undefined : variables[variable];
  if (file !== undefined && file !== '') {
    const problem = { origin: { from: 'environment', variable }, path: path.join('.') } as const;
    if (variables[name]) problems.push({ ...problem, message: `${name} is set too; set only one of them` });
    try {
      return { variable, text: readSecret(file) };
    } catch (error) {
      problems.push({ ...problem, message: `${file}: ${fileError(error)}` });
      return undefined;
    }
  }
  const set = [name, ...oldNames].find((candidate) => isSet(candidate, variables[candidate]));
  return set === undefined ? undefined : { variable: set, text: variables[set]! };
}

function isSet(variable: string, text: string | undefined): boolean {
  if (text === undefined || text === '') return false;
  // Kubernetes tools read several files from KUBECONFIG; the client knows how, a single path does not.
  return variable !== 'KUBECONFIG' || !text.includes(delimiter);
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
