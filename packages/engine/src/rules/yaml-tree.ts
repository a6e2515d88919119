import { parseJson } from '@falco-talon/core';
import {
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import type { Place, Trail, YamlEntry, YamlNode, YamlSource } from './yaml-node.ts';

const DEPTH_LIMIT = 100;
/** Nodes that aliases may stand for in all. A few lines of nested aliases can stand for billions. */
export const ALIASED_LIMIT = 10_000;
export const TOO_MANY_ALIASES = `the aliases (*) of this file stand for more than ${ALIASED_LIMIT} values; write less`;

interface Built {
  readonly node: YamlNode;
  /** With every alias written out. */
  readonly size: number;
  readonly height: number;
}
type Report = (place: Place, message: string) => void;

/** Turns the parser's tree into ours, sharing what aliases refer to instead of copying it. */
export function buildYamlTree(contents: Node, source: YamlSource, report: Report): YamlNode {
  /** In document order, so an alias finds the last anchor before it; `undefined` while the anchor's node is being built. */
  const anchors = new Map<string, Built | undefined>();
  let aliased = 0;

  function build(node: unknown, trail: Trail | undefined, depth: number, fallback: number): Built {
    const place = { source, ...extentOf(node, fallback, source.text), trail };
    if (isAlias(node)) return alias(node.source, place);
    if (depth > DEPTH_LIMIT) return broken(place, 'nested too deeply');
    if (!isMap(node) && !isSeq(node)) return leaf(node, place);
    if (node.anchor) anchors.set(node.anchor, undefined);
    const built = isMap(node) ? map(node, place, depth) : list(node, place, depth);
    if (node.anchor) anchors.set(node.anchor, built);
    return built.height > DEPTH_LIMIT + 1 ? broken(place, 'nested too deeply') : built;
  }

  function broken(place: Place, message: string): Built {
    report(place, message);
    return { node: { kind: 'scalar', place, value: null }, size: 1, height: -Infinity };
  }

  function alias(name: string, place: Place): Built {
    const target = anchors.get(name);
    if (target === undefined) {
      return broken(
        place,
        anchors.has(name) ? `*${name} contains itself` : `there is no anchor &${name} before *${name}`,
      );
    }
    aliased += target.size;
    if (aliased <= ALIASED_LIMIT) return target;
    const reported = aliased - target.size > ALIASED_LIMIT;
    if (!reported) report(place, TOO_MANY_ALIASES);
    return { ...target, node: { kind: 'scalar', place, value: null } };
  }

  function leaf(node: unknown, place: Place): Built {
    const value = isScalar(node) ? scalarValue(node) : null;
    const built: Built = { node: { kind: 'scalar', place, value }, size: 1, height: 1 };
    if (isScalar(node) && node.anchor) anchors.set(node.anchor, built);
    return built;
  }

  function list(node: YAMLSeq, place: Place, depth: number): Built {
    let size = 1;
    let height = 0;
    const items = node.items.map((item, index) => {
      const built = build(item, { parent: place.trail, key: index }, depth + 1, place.offset);
      size += built.size;
      height = Math.max(height, built.height);
      return built.node;
    });
    return { node: { kind: 'list', place, items }, size, height: height + 1 };
  }

  function map(node: YAMLMap, place: Place, depth: number): Built {
    const entries = new Map<string, YamlEntry>();
    let size = 1;
    let height = 0;
    for (const pair of node.items) {
      const key = isScalar(pair.key) ? String(pair.key.value) : undefined;
      const keyPlace = {
        source,
        ...extentOf(pair.key, place.offset, source.text),
        trail: { parent: place.trail, key: key ?? '?' },
      };
      const first = key === undefined ? undefined : entries.get(key);
      if (key === undefined) report(keyPlace, 'a key must be a text');
      else if (key === '<<') report(keyPlace, 'merge keys (<<) are not supported; write the keys out');
      else if (first) {
        report(
          keyPlace,
          `${JSON.stringify(key)} stands here twice, first in line ${source.position(first.key.offset).line}`,
        );
      }
      const built = build(pair.value, keyPlace.trail, depth + 1, keyPlace.offset);
      size += built.size;
      height = Math.max(height, built.height);
      if (key !== undefined && !first) entries.set(key, { key: keyPlace, value: built.node });
    }
    return { node: { kind: 'map', place, entries }, size, height: height + 1 };
  }

  return build(contents, undefined, 0, 0).node;
}

/** Blocks go on to the next line for the parser. */
function extentOf(node: unknown, fallback: number, text: string): { offset: number; length: number } {
  const range = (node as Node | null | undefined)?.range;
  if (!range) return { offset: fallback, length: 0 };
  const [offset, end] = range;
  return { offset, length: isCollection(node) ? text.slice(offset, end).trimEnd().length : end - offset };
}

/** Numbers keep what was written: `1.10` as an exact number, `010` as a text, since JSON has no such number. */
function scalarValue(node: Scalar): unknown {
  const { value, source } = node;
  if (typeof value !== 'number' || source === undefined || String(value) === source) return value;
  return /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(source) ? parseJson(source) : source;
}
