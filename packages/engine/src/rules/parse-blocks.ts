import { didYouMean, nearest, valueText } from '@falco-talon/core';
import type { ActionBlock, ListBlock, MacroBlock, RuleBlock } from './block.ts';
import { expectOneSyntax, isOldRule, misnamedKey } from './old-syntax/block-syntax.ts';
import { parseAction } from './parse-action.ts';
import { parseList, parseMacro } from './parse-macro.ts';
import { parseRule } from './parse-rule.ts';
import type { Report } from './report.ts';
import type { YamlDocument } from './yaml-document.ts';
import type { YamlMap } from './yaml-node.ts';

export interface Blocks {
  readonly actions: readonly ActionBlock[];
  readonly rules: readonly RuleBlock[];
  readonly macros: readonly MacroBlock[];
  readonly lists: readonly ListBlock[];
  /** False when something in the file could not be told: what others refer to may be there, under its right name. */
  readonly complete: boolean;
  /** Rules in the syntax of the first releases. */
  readonly old: readonly YamlMap[];
}

const FALCO_BLOCKS = ['required_engine_version', 'required_plugin_versions'];
const KINDS = ['rule', 'action', 'macro', 'list'];
const BEGINNINGS = 'a block begins with - rule:, - action:, - macro: or - list:';

/** The blocks of one rules file, in order. */
export function parseBlocks({ root, source, problems }: YamlDocument, report: Report): Blocks {
  const actions: ActionBlock[] = [];
  const rules: RuleBlock[] = [];
  const macros: MacroBlock[] = [];
  const lists: ListBlock[] = [];
  const old: YamlMap[] = [];
  const told = () => actions.length + rules.length + macros.length + lists.length + old.length;
  const blocks = { actions, rules, macros, lists, old, complete: problems.length === 0 };
  const checkSyntax = expectOneSyntax(report);
  if (root === undefined || (root.kind === 'scalar' && root.value === null)) return blocks;
  if (root.kind !== 'list') {
    const dash = root.kind === 'map' && KINDS.some((key) => root.entries.has(key)) ? '; write "- " before this' : '';
    report.error(root.place, `a rules file is a list of blocks, each beginning with - rule: or - action:${dash}`);
    return { ...blocks, complete: false };
  }
  for (const [index, block] of root.items.entries()) {
    if (block.kind !== 'map') {
      const glued = block.kind === 'scalar' && /^(rule|action|macro|list):\S/.test(String(block.value));
      report.error(block.place, glued ? 'a space is missing after the colon' : BEGINNINGS);
      continue;
    }
    const kind = kindOf(block);
    const name = nameOf(block, kind);
    if (name) report.nameBlock(source, index, name);
    if (kind !== 'unknown' && kind !== 'falco') checkSyntax(block, kind === 'name');
    if (kind === 'name') old.push(block);
    else if (kind === 'rule') rules.push(...wrap(parseRule(block, report)));
    else if (kind === 'action') actions.push(...wrap(parseAction(block, report)));
    else if (kind === 'macro') macros.push(...wrap(parseMacro(block, report)));
    else if (kind === 'list') lists.push(...wrap(parseList(block, report)));
    else report.error(block.place, complaint(block, kind));
  }
  return { ...blocks, complete: blocks.complete && told() === root.items.length };
}

type Kind = 'rule' | 'action' | 'macro' | 'list' | 'name' | 'falco' | 'unknown';

function kindOf(block: YamlMap): Kind {
  const { entries } = block;
  if (entries.has('macro')) return 'macro';
  if (entries.has('list')) return 'list';
  if (entries.has('condition') || FALCO_BLOCKS.some((key) => entries.has(key))) return 'falco';
  if (entries.has('rule')) return 'rule';
  if (isOldRule(block)) return 'name';
  return entries.has('action') ? 'action' : 'unknown';
}

function nameOf({ entries }: YamlMap, kind: Kind): string | undefined {
  const node = entries.get(kind === 'falco' ? 'rule' : kind)?.value;
  return node?.kind === 'scalar' ? valueText(node.value) : undefined;
}

function complaint(block: YamlMap, kind: Kind): string {
  const { entries } = block;
  if (kind === 'falco')
    return "this is a rule of Falco itself; Falco Talon's rules refer to it by name under match.rules, and have conditions of their own under match.condition";
  const misnamed = misnamedKey(block);
  if (misnamed) return `a block with these keys begins with - ${misnamed}: NAME, not with - name: NAME`;
  const hint = [...entries.keys()].map((key) => nearest(key, KINDS)).find((word) => word !== undefined);
  return `${BEGINNINGS}${didYouMean(hint)}`;
}

function wrap<T>(item: T | undefined): readonly T[] {
  return item === undefined ? [] : [item];
}
