import { resolve } from 'node:path';
import { valueText } from '@falco-talon/core';
import type { Place, YamlEntry, YamlMap, YamlNode } from '@falco-talon/engine';
import { fileError } from './file-error.ts';
import type { ConfigProblem, KeyPath, Origin, Origins } from './origins.ts';
import { secretFileKey, type Branch, type Leaf } from './owners.ts';
import { readSecret } from './secret-file.ts';

export type ConfigMap = { [key: string]: unknown };

/**
 * The file's values under today's names, with the place of each noted. Keys without `_` or `-` are taken for the
 * spelling of earlier releases (`listenAddress`, `webhookurl`). Unknown keys stay, for the schema to refuse.
 * @param directory where the paths of `…_file` keys start
 */
export function fileValues(
  root: YamlNode | undefined,
  tree: Branch,
  origins: Origins,
  directory: string,
): { readonly value: unknown; readonly problems: readonly ConfigProblem[] } {
  const problems: ConfigProblem[] = [];
  if (root === undefined) return { value: emptyMap(), problems };
  origins.set([], originOf(root.place));
  return { value: read(root, tree, [], root.place), problems };

  function read(node: YamlNode, schema: Branch | Leaf | undefined, path: KeyPath, key: Place): unknown {
    // What is unset has its default, so this place is not where its value comes from.
    const unset = schema?.type === 'leaf' && node.kind === 'scalar' && node.value === null;
    if (!unset) origins.set(path, originOf(key), originOf(node.place));
    if (node.kind === 'map') return readMap(node, schema?.type === 'branch' ? schema : undefined, path);
    if (node.kind === 'list')
      return node.items.map((item, index) => read(item, undefined, [...path, index], item.place));
    if (node.value === null) return schema?.type === 'branch' ? emptyMap() : null;
    // One item may be written without the list around it: rulesFile was one path.
    return schema?.type === 'leaf' && schema.schema.type === 'array' ? [node.value] : node.value;
  }

  function readMap(node: YamlMap, schema: Branch | undefined, path: KeyPath): ConfigMap {
    const result = emptyMap();
    const written = new Map<string, readonly [string, YamlEntry]>();
    for (const [key, entry] of node.entries) {
      const secret = schema && secretFileKey(key, schema);
      const name = schema === undefined ? key : (secret ?? todaysName(key, schema));
      const first = written.get(name);
      if (first !== undefined) {
        const { line } = first[1].key.source.position(first[1].key.offset);
        const message = `${key} and ${first[0]} (line ${line}) say the same; keep one of them`;
        problems.push({ origin: originOf(entry.key), path: [...path, key].join('.'), message });
        continue;
      }
      written.set(name, [key, entry]);
      result[name] =
        secret === undefined
          ? read(entry.value, schema?.keys.get(name), [...path, name], entry.key)
          : readNamed(entry, [...path, name], key);
    }
    return result;
  }

  /** A secret whose file is named in its place. */
  function readNamed({ key, value }: YamlEntry, path: KeyPath, written: string): unknown {
    origins.set(path, originOf(key), originOf(value.place));
    if (value.kind === 'scalar' && value.value === null) return null;
    const file = value.kind === 'scalar' ? valueText(value.value) : undefined;
    try {
      if (file !== undefined) return readSecret(resolve(directory, file));
    } catch (error) {
      complain(`${file}: ${fileError(error)}`);
      return null;
    }
    complain('must be the path of a file');
    return null;

    function complain(message: string): void {
      problems.push({ origin: originOf(value.place), path: [...path.slice(0, -1), written].join('.'), message });
    }
  }
}

/** Without a prototype, so that `__proto__` is a key like any other. */
export function emptyMap(): ConfigMap {
  return Object.create(null) as ConfigMap;
}

/** The name of the key that was written, whatever its spelling. */
export function todaysName(written: string, schema: Branch): string {
  if (schema.keys.has(written)) return written;
  const renamed = schema.oldNames.get(written);
  if (renamed !== undefined) return renamed;
  if (/[_-]/.test(written)) return written;
  return [...schema.keys.keys()].find((key) => squeezed(key) === written.toLowerCase()) ?? written;
}

/** `listen_address` as the first releases wrote it, in lower case. */
export function squeezed(key: string): string {
  return key.replaceAll(/[_-]/g, '').toLowerCase();
}

function originOf(place: Place): Origin {
  return { from: 'file', position: place.source.position(place.offset) };
}
