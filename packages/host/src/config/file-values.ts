import type { Place, YamlNode } from '@falco-talon/engine';
import type { Branch, Leaf } from './owners.ts';
import type { ConfigProblem, KeyPath, Origins } from './origins.ts';

export type ConfigMap = { [key: string]: unknown };

/**
 * The file's values under today's names, with the place of each noted. Keys without `_` or `-` are taken for the
 * spelling of earlier releases (`listenAddress`, `webhookurl`). Unknown keys stay, for the schema to refuse.
 */
export function fileValues(
  root: YamlNode | undefined,
  tree: Branch,
  origins: Origins,
): { readonly value: unknown; readonly problems: readonly ConfigProblem[] } {
  const problems: ConfigProblem[] = [];
  if (root === undefined) return { value: emptyMap(), problems };
  origins.set([], placeText(root.place));
  return { value: read(root, tree, [], root.place), problems };

  function read(node: YamlNode, schema: Branch | Leaf | undefined, path: KeyPath, key: Place): unknown {
    origins.set(path, placeText(key), placeText(node.place));
    if (node.kind === 'map') return readMap(node, schema?.type === 'branch' ? schema : undefined, path);
    if (node.kind === 'list')
      return node.items.map((item, index) => read(item, undefined, [...path, index], item.place));
    if (node.value === null) return schema?.type === 'branch' ? emptyMap() : null;
    // One item may be written without the list around it: rulesFile was one path.
    return schema?.type === 'leaf' && schema.schema.type === 'array' ? [node.value] : node.value;
  }

  function readMap(node: Extract<YamlNode, { kind: 'map' }>, schema: Branch | undefined, path: KeyPath): ConfigMap {
    const result = emptyMap();
    for (const [written, entry] of node.entries) {
      const name = schema === undefined ? written : todaysName(written, schema);
      if (name in result) {
        const message = `${JSON.stringify(written)} is another name of ${name}, which stands here already`;
        problems.push({ where: placeText(entry.key), path: [...path, written].join('.'), message });
        continue;
      }
      result[name] = read(entry.value, schema?.keys.get(name), [...path, name], entry.key);
    }
    return result;
  }
}

/** Without a prototype, so that `__proto__` is a key like any other. */
export function emptyMap(): ConfigMap {
  return Object.create(null) as ConfigMap;
}

function todaysName(written: string, schema: Branch): string {
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

function placeText(place: Place): string {
  const { file, line, column } = place.source.position(place.offset);
  return `${file}:${line}:${column}`;
}
