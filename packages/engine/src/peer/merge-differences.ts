import { plainValue, type YamlEntry, type YamlMap, type YamlNode } from '../rules/yaml-node.ts';
import type { Findings } from './finding.ts';
import { keyPlace, mapAt, mapsAt, nodeAt, textAt } from './written.ts';

/** Blocks of one rule, in the order of the files: what the later ones change there and here. */
export function overrideDifferences(blocks: readonly YamlMap[], findings: Findings): void {
  const last = blocks.at(-1)!;
  for (const key of ['priority', 'source'] as const) {
    const given = (block: YamlMap) => nodeAt(block, 'match', key) !== undefined;
    if (blocks.some(given) && !given(last)) findings.add(keyPlace(last, 'rule'), `${key}-reset`);
  }
  const names = new Set<string>();
  for (const block of blocks) {
    const actions = mapsAt(block, 'actions').flatMap((action) => textAt(action, 'action') ?? []);
    for (const { text, place } of actions) if (names.has(text)) findings.add(place, 'action-repeated');
    for (const { text } of actions) names.add(text);
  }
}

/** Blocks of one shared action, in the order of the files. */
export function sharedDifferences(blocks: readonly YamlMap[], findings: Findings): void {
  for (const [index, block] of blocks.entries()) {
    const before = blocks.slice(0, index);
    if (before.length === 0) continue;
    layered(before, block, findings, 'later');
    const target = textAt(block, 'output', 'target');
    const first = before.map((one) => textAt(one, 'output', 'target')).find((text) => text !== undefined);
    if (target && first && target.text !== first.text) findings.add(target.place, 'other-target');
  }
}

/** An action of a rule, and the blocks of the shared action of its name. */
export function ownDifferences(shared: readonly YamlMap[], own: YamlMap, findings: Findings): void {
  if (shared.length > 0) layered(shared, own, findings, 'own');
}

function layered(below: readonly YamlMap[], over: YamlMap, findings: Findings, kind: 'own' | 'later'): void {
  const actionner = textAt(over, 'actionner');
  const former = below.map((block) => textAt(block, 'actionner')).findLast((text) => text !== undefined);
  const given = below.flatMap((block) => entriesOf(mapAt(block, 'parameters')));
  if (actionner && former && actionner.text !== former.text) {
    if (given.length > 0) findings.add(actionner.place, 'other-actionner');
    return;
  }
  const mine = new Map(entriesOf(mapAt(over, 'parameters')));
  const theirs = new Map(given);
  for (const [key, entry] of mine) {
    const other = theirs.get(key);
    if (entry.value.kind === 'list' && other?.value.kind === 'list') findings.add(entry.key, 'list-appended');
    if (entry.value.kind === 'list' && !other && kind === 'later') findings.add(entry.key, 'list-nested');
    if (kind === 'own' && other) changedEntries(other.value, entry.value, findings);
  }
}

function changedEntries(shared: YamlNode, own: YamlNode, findings: Findings): void {
  if (shared.kind !== 'map' || own.kind !== 'map') return;
  for (const [key, entry] of own.entries) {
    const other = shared.entries.get(key);
    if (other && JSON.stringify(plainValue(other.value)) !== JSON.stringify(plainValue(entry.value)))
      findings.add(entry.key, 'shared-entry-wins');
  }
}

function entriesOf(map: YamlMap | undefined): readonly (readonly [string, YamlEntry])[] {
  return [...(map?.entries ?? [])].filter(([, { value }]) => value.kind !== 'scalar' || value.value !== null);
}
