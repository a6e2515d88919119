import type { Difference, WrittenAction } from '@falco-talon/core';
import type { Registry } from '../registry/registry.ts';
import type { ActionBlock, RuleBlock } from '../rules/block.ts';
import { mergeActions, mergeByName, mergeRules, mergeSharedActions } from '../rules/merge.ts';
import { isOldRule } from '../rules/old-syntax/block-syntax.ts';
import { parseBlocks } from '../rules/parse-blocks.ts';
import { createReport } from '../rules/report.ts';
import type { RuleFile } from '../rules/rule.ts';
import { readYaml, type YamlDocument } from '../rules/yaml-document.ts';
import { plainValue, type Place, type YamlMap } from '../rules/yaml-node.ts';
import { createFindings, type Findings, type PeerDifference } from './finding.ts';
import { matchDifferences } from './match-differences.ts';
import { overrideDifferences, ownDifferences, sharedDifferences } from './merge-differences.ts';
import { keyPlace, mapsAt, rawText, textAt, textsAt } from './written.ts';

/**
 * Every place where rules will act otherwise than in the Go engine, and why. For rules that load here without an error.
 * Pure. What concerns every installation, whatever its rules say, is not among them.
 */
export function findDifferences(files: readonly RuleFile[], registry: Registry): readonly PeerDifference[] {
  const all = files.map(({ path, text }) => readYaml(path, text));
  const old = all.map(firstOldRule);
  // Those rules were never in force there: what they would have done is of no use to anybody.
  const documents = all.filter((_, index) => old[index] === undefined);
  const blocks = documents.flatMap(blocksOf);
  const named = (key: string) =>
    Map.groupBy(
      blocks.filter((block) => textAt(block, key)),
      (block) => textAt(block, key)!.text,
    );
  const rules = named('rule');
  const shared = named('action');
  const findings = createFindings(blockNames(blocks));

  for (const group of rules.values()) {
    for (const block of group) ruleDifferences(block, shared, findings);
    overrideDifferences(group, findings);
  }
  for (const name of usedActions(rules)) {
    const group = shared.get(name) ?? [];
    sharedDifferences(group, findings);
    for (const block of group) switchDifferences(block, ['continue', 'ignore_errors'], findings);
  }
  for (const rule of old) if (rule) findings.add(rule.place, 'first-releases');
  mergedDifferences(documents, registry, findings);
  return findings.all(files.map(({ path }) => path));
}

/** Nothing is asked of a shared action that no rule uses. */
function usedActions(rules: ReadonlyMap<string, readonly YamlMap[]>): ReadonlySet<string> {
  const actions = [...rules.values()].flat().flatMap((rule) => mapsAt(rule, 'actions'));
  return new Set(actions.flatMap((action) => textAt(action, 'action')?.text ?? []));
}

function blocksOf({ root }: YamlDocument): readonly YamlMap[] {
  return root?.kind === 'list' ? root.items.filter((item) => item.kind === 'map') : [];
}

/** A file is in one syntax or the other. */
function firstOldRule(document: YamlDocument): YamlMap | undefined {
  return blocksOf(document).find(isOldRule);
}

function blockNames(blocks: readonly YamlMap[]): (place: Place, index: number) => string | undefined {
  const names = new Map<Place['source'], Map<unknown, string | undefined>>();
  for (const block of blocks) {
    const { source, trail } = block.place;
    if (!names.has(source)) names.set(source, new Map());
    names.get(source)!.set(trail?.key, (textAt(block, 'rule') ?? textAt(block, 'action'))?.text);
  }
  return ({ source }, index) => names.get(source)?.get(index);
}

/** What one block of a rule says by itself. */
function ruleDifferences(block: YamlMap, shared: ReadonlyMap<string, readonly YamlMap[]>, findings: Findings): void {
  matchDifferences(block, findings);
  switchDifferences(block, ['continue', 'dry_run'], findings);
  if (textAt(block, 'dry_run')?.text.toLowerCase() === 'true') findings.add(keyPlace(block, 'dry_run'), 'dry-run-told');
  for (const { text, place } of textsAt(block, 'notifiers'))
    if (text !== text.toLowerCase()) findings.add(place, 'notifier-case');
  for (const action of mapsAt(block, 'actions')) {
    switchDifferences(action, ['continue', 'ignore_errors'], findings);
    ownDifferences(shared.get(textAt(action, 'action')?.text ?? '') ?? [], action, findings);
  }
}

function switchDifferences(block: YamlMap, keys: readonly string[], findings: Findings): void {
  for (const key of keys) {
    const value = textAt(block, key);
    if (value && !/^(?:true|false)$/.test(rawText(value))) findings.add(value.place, 'refused');
  }
}

/** What rules come to once shared actions and later blocks are merged. */
function mergedDifferences(documents: readonly YamlDocument[], registry: Registry, findings: Findings): void {
  // The mistakes have been reported when the rules were loaded.
  const parsed = documents.map((document) => parseBlocks(document, createReport()));
  const shared = mergeByName(
    parsed.flatMap(({ actions }) => actions),
    mergeSharedActions,
  );
  const rules = mergeByName(
    parsed.flatMap((file) => file.rules),
    mergeRules,
  );
  for (const rule of rules.values()) {
    if (rule.actions.length === 0) findings.add(rule.name.place, 'refused');
    for (const [index, own] of rule.actions.entries()) {
      const base = shared.get(own.name.text);
      actionDifferences(base ? mergeActions(base, own) : own, rule, index, registry, findings);
    }
  }
}

function actionDifferences(
  action: ActionBlock,
  rule: RuleBlock,
  index: number,
  registry: Registry,
  findings: Findings,
): void {
  const context = action.contexts?.[0];
  if (context) findings.add(context.place, 'contexts-ignored');
  const name = action.actionner?.text ?? '';
  const entries = action.parameters?.value.entries;
  const written = {
    parameters: action.parameters ? (plainValue(action.parameters.value) as Record<string, unknown>) : {},
    continue: action.continue,
    isLast: index === rule.actions.length - 1,
  };
  for (const difference of registry.actionners.get(name)?.part.differences ?? []) {
    if (!concerns(difference, written)) continue;
    const entry = difference.parameter === undefined ? undefined : entries?.get(difference.parameter);
    findings.addOf(entry?.key ?? action.actionner!.place, name, difference);
  }
}

/** What a plugin cannot tell is told rather than hidden. */
function concerns({ applies }: Difference, written: WrittenAction): boolean {
  try {
    return applies?.(written) ?? true;
  } catch {
    return true;
  }
}
