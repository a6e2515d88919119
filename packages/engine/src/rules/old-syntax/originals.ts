import { isMap, isScalar, isSeq, parseDocument, visit, type Node, type ScalarTag, type Tags } from 'yaml';
import type { YamlNode } from '../yaml-node.ts';

/** The parser's own nodes of one file, which know of quotes, comments and empty lines. */
export interface Originals {
  readonly find: (kind: YamlNode['kind'], offset: number) => Node | undefined;
  /** The comment at the top of the file, an empty line above the first block's own. */
  readonly header: string | undefined;
  /** The comment at its end. */
  readonly footer: string | undefined;
}

/** @param text YAML without a mistake */
export function readOriginals(text: string): Originals {
  const document = parseDocument(text, { version: '1.2', schema: 'core', stringKeys: true, uniqueKeys: false });
  const nodes = new Map<string, Node>();
  const add = (kind: YamlNode['kind'], node: Node) => {
    const name = `${kind} ${node.range?.[0]}`;
    if (!nodes.has(name)) nodes.set(name, node);
  };
  visit(document, (_, node) => {
    if (isScalar(node)) add('scalar', node);
    else if (isMap(node)) add('map', node);
    else if (isSeq(node)) add('list', node);
  });

  const { contents } = document;
  const items = isSeq<Node>(contents) ? contents.items : [];
  return {
    find: (kind, offset) => nodes.get(`${kind} ${offset}`),
    header: joined([document.commentBefore, contents?.commentBefore, takeHeader(items[0])]),
    footer: joined([take(items.at(-1), 'comment'), contents?.comment, document.comment]),
  };
}

/** What stands above an empty line is about the file, not about its first block. */
function takeHeader(first: Node | undefined): string | undefined {
  const comment = take(first, 'commentBefore');
  const end = comment?.lastIndexOf('\n\n') ?? -1;
  if (!first || comment === undefined) return undefined;
  first.commentBefore = end === -1 ? comment : comment.slice(end + 2);
  return end === -1 ? undefined : comment.slice(0, end);
}

function take(node: Node | undefined, key: 'comment' | 'commentBefore'): string | undefined {
  const comment = node?.[key] ?? undefined;
  if (node) node[key] = null;
  return comment;
}

/** Comments with an empty line between them; undefined when there is none. */
export function joined(comments: readonly (string | null | undefined)[]): string | undefined {
  const present = comments.filter((comment) => comment !== undefined && comment !== null);
  return present.length === 0 ? undefined : present.join('\n\n');
}

/** Digits as they stand in the file: `1.10`, `0x1F`, and numbers above 2^53. */
export function numbersAsWritten(tags: Tags): Tags {
  return tags.map((tag) => (typeof tag === 'object' && isNumeric(tag) ? asWritten(tag) : tag));
}

function isNumeric(tag: Exclude<Tags[number], string>): tag is ScalarTag {
  return tag.tag === 'tag:yaml.org,2002:int' || tag.tag === 'tag:yaml.org,2002:float';
}

function asWritten(tag: ScalarTag): ScalarTag {
  return { ...tag, stringify: (node, ...rest) => node.source ?? tag.stringify?.(node, ...rest) ?? String(node.value) };
}
