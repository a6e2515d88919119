import { valueText } from '@falco-talon/core';
import type { Placed } from '../rules/block.ts';
import { isNull, type Place, type YamlMap, type YamlNode } from '../rules/yaml-node.ts';

/** What stands under a key, or a key in the map under it. Undefined when it is not there, or has no value. */
export function nodeAt(map: YamlMap, key: string, inner?: string): YamlNode | undefined {
  const node = map.entries.get(key)?.value;
  if (!node || isNull(node)) return undefined;
  if (inner === undefined) return node;
  return node.kind === 'map' ? nodeAt(node, inner) : undefined;
}

export function mapAt(map: YamlMap, key: string): YamlMap | undefined {
  const node = nodeAt(map, key);
  return node?.kind === 'map' ? node : undefined;
}

export function textAt(map: YamlMap, key: string, inner?: string): Placed | undefined {
  const node = nodeAt(map, key, inner);
  return node && placedText(node);
}

export function textsAt(map: YamlMap, key: string): readonly Placed[] {
  const node = nodeAt(map, key);
  return node?.kind === 'list' ? node.items.flatMap((item) => placedText(item) ?? []) : [];
}

/** The maps of a list. */
export function mapsAt(map: YamlMap, key: string): readonly YamlMap[] {
  const node = nodeAt(map, key);
  return node?.kind === 'list' ? node.items.filter((item) => item.kind === 'map') : [];
}

export function keyPlace(map: YamlMap, key: string): Place {
  return map.entries.get(key)?.key ?? map.place;
}

function placedText(node: YamlNode): Placed | undefined {
  const text = node.kind === 'scalar' ? valueText(node.value) : undefined;
  return text === undefined ? undefined : { text, place: node.place };
}

/** As it stands in the file, without quotes: `True` is a boolean like any other once it is read. */
export function rawText({ text, place }: Placed): string {
  const raw = place.source.text.slice(place.offset, place.offset + text.length);
  return raw.toLowerCase() === text.toLowerCase() ? raw : text;
}
