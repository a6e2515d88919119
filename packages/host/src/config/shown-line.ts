import { valueText } from '@falco-talon/core';
import type { Position, YamlDocument, YamlNode } from '@falco-talon/engine';
import { todaysName } from './file-values.ts';
import { secretFileKey, treeSchema, type Branch, type Leaf } from './owners.ts';

interface Token {
  readonly offset: number;
  /** A value that may be shown to anybody. */
  readonly harmless: boolean;
}

/**
 * Tells what of a line of the configuration may stand below an error: up to the first value that is or may be a secret.
 * That is every value but those of known keys that hold none. Undefined: nothing of it.
 */
export function shownLines({ root, source }: YamlDocument, tree: Branch): (position: Position) => string | undefined {
  const tokens = root === undefined ? [] : tokensOf(root, tree).toSorted((a, b) => a.offset - b.offset);
  const lines = source.text.split('\n');
  const starts: number[] = [];
  let next = 0;
  for (const line of lines) {
    starts.push(next);
    next += line.length + 1;
  }

  return ({ line, column }) => {
    const content = lines[line - 1];
    const start = starts[line - 1];
    if (content === undefined || start === undefined) return undefined;
    const here = tokens.filter(({ offset }) => offset >= start && offset <= start + content.length);
    const first = here[0];
    // What stands before the first value may be the end of one that began on a line before.
    if (first === undefined || !/^[\s{[,?-]*["'&]?$/.test(content.slice(0, first.offset - start))) return undefined;
    const hidden = here.find(({ harmless }) => !harmless);
    if (hidden === undefined) return content.replace(/\s#.*$/, '');
    return hidden.offset - start < column - 1 ? undefined : `${content.slice(0, hidden.offset - start)}…`;
  };
}

function tokensOf(root: YamlNode, tree: Branch): Token[] {
  const tokens: Token[] = [];
  visit(root, tree);
  return tokens;

  function visit(node: YamlNode, schema: Branch | Leaf | undefined): void {
    const harmless = isHarmless(node, schema);
    tokens.push({ offset: node.place.offset, harmless });
    if (node.kind === 'list') for (const item of node.items) visit(item, schema?.type === 'leaf' ? schema : undefined);
    if (node.kind !== 'map') return;
    for (const [written, { key, value }] of node.entries) {
      // Of a map whose keys are known, what is no name may be a value whose key was forgotten.
      tokens.push({ offset: key.offset, harmless: schema?.type !== 'branch' || isKeyName(written) });
      if (schema?.type !== 'branch') visit(value, schema);
      else if (secretFileKey(written, schema) === undefined) visit(value, schema.keys.get(todaysName(written, schema)));
      else tokens.push({ offset: value.place.offset, harmless: true });
    }
  }
}

/** What the keys of this file look like, and a secret hardly ever. */
export function isKeyName(text: string): boolean {
  return /^\w[\w.-]{0,63}$/.test(text);
}

function isHarmless(node: YamlNode, schema: Branch | Leaf | undefined): boolean {
  if (node.kind !== 'scalar') return true;
  if (schema === undefined || (schema.type === 'leaf' && schema.owner === undefined)) return false;
  return treeSchema(schema).writeOnly !== true && !hasUserInfo(valueText(node.value) ?? '');
}

/** `https://user:password@host` */
function hasUserInfo(text: string): boolean {
  return /:\/\/[^/\s]*@/.test(text);
}
