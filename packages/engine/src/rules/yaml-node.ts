import type { Issue } from '@falco-talon/core';
import type { Position } from './rule.ts';

/** One file's text, able to say where an offset is. */
export interface YamlSource {
  readonly file: string;
  readonly text: string;
  position(offset: number): Position;
}

/** The way from the document's root, as a linked list because every node keeps one. */
export interface Trail {
  readonly parent: Trail | undefined;
  readonly key: string | number;
}

export interface Place {
  readonly source: YamlSource;
  readonly offset: number;
  /** Of the whole value or key, in UTF-16 units; of nothing at all 0. */
  readonly length: number;
  readonly trail: Trail | undefined;
}

export interface YamlScalar {
  readonly kind: 'scalar';
  readonly place: Place;
  /** A text, a boolean, null, a number, or an `ExactNumber` for digits a number would lose. */
  readonly value: unknown;
}

export interface YamlList {
  readonly kind: 'list';
  readonly place: Place;
  readonly items: readonly YamlNode[];
}

export interface YamlEntry<N extends YamlNode = YamlNode> {
  readonly key: Place;
  readonly value: N;
}

export interface YamlMap {
  readonly kind: 'map';
  readonly place: Place;
  readonly entries: ReadonlyMap<string, YamlEntry>;
}

/** A value that still knows where it was written, also after files have been merged. Aliases share one node. */
export type YamlNode = YamlScalar | YamlList | YamlMap;

export function isNull(node: YamlNode): boolean {
  return node.kind === 'scalar' && node.value === null;
}

/** The value without its places. A key `__proto__` becomes a key like any other. */
export function plainValue(node: YamlNode): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(plainValue);
  return Object.fromEntries(Array.from(node.entries, ([key, entry]) => [key, plainValue(entry.value)]));
}

/**
 * Where to point for an issue that `fit` found in `root`: at the key when the key itself is wrong or something in its
 * map is missing, at the value when the value is wrong.
 * @param fitted what `fit` returned; it leaves out the keys it does not know
 */
export function placeOfIssue(root: YamlEntry, path: Issue['path'], fitted: unknown): Place {
  let entry = root;
  for (const key of path) {
    const next = child(entry.value, key);
    if (next === undefined) break;
    if (next.key !== next.value.place && !hasOwn(fitted, key)) return next.key;
    fitted = hasOwn(fitted, key) ? (fitted as Record<string | number, unknown>)[key] : undefined;
    entry = next;
  }
  return entry.value.kind === 'scalar' ? entry.value.place : entry.key;
}

function child(node: YamlNode, key: string | number): YamlEntry | undefined {
  if (node.kind === 'map') return node.entries.get(String(key));
  const item = node.kind === 'list' && typeof key === 'number' ? node.items[key] : undefined;
  return item && { key: item.place, value: item };
}

function hasOwn(value: unknown, key: string | number): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key);
}

/** `[3, 'actions', 0, 'parameters', 'a/b']` */
export function pathOf(place: Place): (string | number)[] {
  const path: (string | number)[] = [];
  for (let trail = place.trail; trail; trail = trail.parent) path.push(trail.key);
  return path.toReversed();
}

/** `actions[0].parameters["a/b"]` */
export function pathText(path: readonly (string | number)[]): string {
  let text = '';
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`;
    else if (/^[\w-]+$/.test(key)) text += text === '' ? key : `.${key}`;
    else text += `[${JSON.stringify(key)}]`;
  }
  return text;
}
