import { nearest, valueText } from '@falco-talon/core';
import type { ActionBlock, RuleBlock } from './block.ts';
import { parseAction } from './parse-action.ts';
import { parseRule } from './parse-rule.ts';
import type { Report } from './report.ts';
import type { YamlDocument } from './yaml-document.ts';
import type { YamlMap } from './yaml-node.ts';

export interface Blocks {
  readonly actions: readonly ActionBlock[];
  readonly rules: readonly RuleBlock[];
}

const FALCO_BLOCKS = ['macro', 'list', 'required_engine_version', 'required_plugin_versions'];

/** The blocks of one rules file, in order. */
export function parseBlocks({ root, source }: YamlDocument, report: Report): Blocks {
  const actions: ActionBlock[] = [];
  const rules: RuleBlock[] = [];
  if (root === undefined || (root.kind === 'scalar' && root.value === null)) return { actions, rules };
  if (root.kind !== 'list') {
    report.error(root.place, 'a rules file is a list of blocks, each beginning with - rule: or - action:');
    return { actions, rules };
  }
  for (const [index, block] of root.items.entries()) {
    if (block.kind !== 'map') {
      report.error(block.place, 'a block begins with - rule: or - action:');
      continue;
    }
    const kind = kindOf(block);
    const name = nameOf(block, kind);
    if (name) report.nameBlock(source, index, name);
    if (kind === 'rule') rules.push(...wrap(parseRule(block, report)));
    else if (kind === 'action') actions.push(...wrap(parseAction(block, report)));
    else report.error(block.place, complaint(block, kind));
  }
  return { actions, rules };
}

type Kind = 'rule' | 'action' | 'name' | 'falco' | 'unknown';

function kindOf({ entries }: YamlMap): Kind {
  if (entries.has('condition') || FALCO_BLOCKS.some((key) => entries.has(key))) return 'falco';
  if (entries.has('rule')) return 'rule';
  if (entries.has('name')) return 'name';
  return entries.has('action') ? 'action' : 'unknown';
}

function nameOf({ entries }: YamlMap, kind: Kind): string | undefined {
  const node = entries.get(kind === 'falco' ? 'rule' : kind)?.value;
  return node?.kind === 'scalar' ? valueText(node.value) : undefined;
}

function complaint({ entries }: YamlMap, kind: Kind): string {
  if (kind === 'name') {
    return 'a block that begins with - name: is in the rule syntax of the first releases, which this version does not read; write it as - rule: with a list of actions';
  }
  if (kind === 'falco')
    return "this is a rule of Falco itself; Falco Talon's rules refer to it by name under match.rules";
  const hint = [...entries.keys()].map((key) => nearest(key, ['rule', 'action'])).find((word) => word !== undefined);
  return `a block begins with - rule: or - action:${hint === undefined ? '' : `; did you mean ${hint}?`}`;
}

function wrap<T>(item: T | undefined): readonly T[] {
  return item === undefined ? [] : [item];
}
