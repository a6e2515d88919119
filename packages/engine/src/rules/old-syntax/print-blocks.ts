import { valueText } from '@falco-talon/core';
import { Document, isMap, isNode, isScalar, isSeq, Pair, Scalar, visit, YAMLMap, YAMLSeq, type Node } from 'yaml';
import { needsQuotes } from '../data-text.ts';
import type { Place, YamlList, YamlMap, YamlNode, YamlScalar } from '../yaml-node.ts';
import { joined, numbersAsWritten, readOriginals, type Originals } from './originals.ts';

export interface PrintedBlock {
  /** As it was read. */
  readonly original: YamlNode;
  /** As it is to be printed: parts of the original, and new ones. */
  readonly block: YamlNode;
}

/**
 * Blocks as YAML, in this order. What they have of the files they come from is printed as it was written there, with its
 * comments; the comments of what is left out stand at the end of its block. Aliases are written out, as blocks may move.
 */
export function printBlocks(blocks: readonly PrintedBlock[]): string {
  const sources = new Set(blocks.map(({ original }) => original.place.source));
  const originals = new Map(Array.from(sources, (source) => [source, readOriginals(source.text)]));
  const printed = blocks.map(({ original, block }) =>
    printBlock(original, block, originals.get(original.place.source)!),
  );
  const spaced = printed.some(({ spaceBefore }) => spaceBefore === true);
  for (const [index, node] of printed.entries()) node.spaceBefore = spaced && index > 0;

  const document = new Document<Node>(undefined, { version: '1.2', schema: 'core', customTags: numbersAsWritten });
  const list = new YAMLSeq<Node>();
  list.items = printed;
  document.contents = list;
  document.commentBefore = joined([...originals.values()].map(({ header }) => header)) ?? null;
  document.comment = joined([...originals.values()].map(({ footer }) => footer)) ?? null;
  return document.toString({ lineWidth: 0, doubleQuotedMinMultiLineLength: Infinity, flowCollectionPadding: false });
}

function printBlock(original: YamlNode, block: YamlNode, { find }: Originals): Node {
  const used = new Set<Node>();
  const result = node(block);
  const whole = find(original.kind, original.place.offset);
  const lost: string[] = [];
  if (whole) {
    visit(whole, (_, part) => {
      if (!isNode(part) || used.has(part)) return;
      for (const comment of [part.commentBefore, part.comment]) if (comment) lost.push(comment);
    });
  }
  if (lost.length > 0) result.comment = [...(result.comment ? [result.comment] : []), ...lost].join('\n');
  return result;

  function node(yaml: YamlNode): Node {
    if (yaml.kind === 'scalar') return scalar(yaml);
    return yaml.kind === 'map' ? map(yaml) : list(yaml);
  }

  function scalar({ place, value }: YamlScalar): Scalar {
    const known = find('scalar', place.offset);
    const same = isScalar(known) && isSame(known, value);
    const result = same ? (known.clone() as Scalar) : new Scalar(value);
    delete result.anchor;
    if (typeof value === 'string' && !isReadable(value, result.type)) result.type = Scalar.QUOTE_DOUBLE;
    return withComments(result, known);
  }

  function key(text: string, place: Place): Scalar {
    return scalar({ kind: 'scalar', place, value: text });
  }

  function map({ place, entries }: YamlMap): Node {
    const known = find('map', place.offset);
    const result = new YAMLMap<Scalar, Node>();
    result.items = Array.from(entries, ([text, entry]) => new Pair(key(text, entry.key), node(entry.value)));
    if (isMap(known) && known.flow) result.flow = true;
    return withComments(result, known);
  }

  function list({ place, items }: YamlList): Node {
    const known = find('list', place.offset);
    const result = new YAMLSeq<Node>();
    result.items = items.map(node);
    if (isSeq(known) && known.flow) result.flow = true;
    return withComments(result, known);
  }

  /** Each comment once in a block, although what is new stands at the places of what it was made of. */
  function withComments<N extends Node>(result: N, known: Node | undefined): N {
    const first = known !== undefined && !used.has(known);
    if (first) used.add(known);
    result.commentBefore = (first && known.commentBefore) || null;
    result.comment = (first && known.comment) || null;
    if (first && known.spaceBefore) result.spaceBefore = true;
    return result;
  }
}

/** The printer breaks some texts of several lines that it is asked to print without quotes. */
function isReadable(text: string, type: Scalar['type']): boolean {
  return !needsQuotes(text) && !(type === Scalar.PLAIN && text.includes('\n'));
}

function isSame(known: Scalar, value: unknown): boolean {
  return typeof known.value === 'number' ? known.source === valueText(value) : known.value === value;
}
