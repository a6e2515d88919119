import type { Placed } from '../rules/block.ts';
import { isNull, plainValue, type YamlEntry, type YamlMap, type YamlNode } from '../rules/yaml-node.ts';
import type { Findings } from './finding.ts';
import { keyPlace, mapsAt, nodeAt, textAt } from './written.ts';

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
  const name = textAt(own, 'action');
  if (name && [own, ...shared].every((block) => !textAt(block, 'actionner'))) findings.add(name.place, 'refused');
  if (shared.length === 0) return;
  const target = textAt(own, 'output', 'target');
  if (changes(target, lastText(shared, 'output', 'target')) && adds(shared, own, ['output', 'parameters']))
    findings.add(target!.place, 'parameters-joined');
  layered(shared, own, findings, 'own');
}

function layered(below: readonly YamlMap[], over: YamlMap, findings: Findings, kind: 'own' | 'later'): void {
  const actionner = textAt(over, 'actionner');
  const other = changes(actionner, lastText(below, 'actionner'));
  if (other && adds(below, over, ['parameters'])) findings.add(actionner!.place, 'parameters-joined');
  const theirs = below.flatMap((block) => entriesOf(nodeAt(block, 'parameters')));
  for (const [key, entry] of entriesOf(nodeAt(over, 'parameters'))) {
    const others = theirs.filter(([name]) => name === key).map(([, { value }]) => value);
    const list = entry.value.kind === 'list';
    if (list && others.length === 0 && kind === 'later') findings.add(entry.key, 'list-nested');
    if (other) continue;
    if (list && others.length > 0) findings.add(entry.key, 'list-appended');
    if (kind === 'own') changedEntries(others, entry.value, findings);
  }
}

function lastText(blocks: readonly YamlMap[], key: string, inner?: string): Placed | undefined {
  return blocks.map((block) => textAt(block, key, inner)).findLast((text) => text !== undefined);
}

function changes(over: Placed | undefined, below: Placed | undefined): boolean {
  return over !== undefined && below !== undefined && over.text !== below.text;
}

/** Whether something of `below` is left when both are taken together. */
function adds(below: readonly YamlMap[], over: YamlMap, [key, inner]: readonly [string, string?]): boolean {
  const mine = new Set(entriesOf(nodeAt(over, key, inner)).map(([name]) => name));
  return below.some((block) =>
    entriesOf(nodeAt(block, key, inner)).some(([name, { value }]) => value.kind !== 'scalar' || !mine.has(name)),
  );
}

function changedEntries(shared: readonly YamlNode[], own: YamlNode, findings: Findings): void {
  const theirs = new Map(shared.flatMap(entriesOf));
  for (const [name, entry] of entriesOf(own)) {
    const other = theirs.get(name);
    if (other && JSON.stringify(plainValue(other.value)) !== JSON.stringify(plainValue(entry.value)))
      findings.add(entry.key, 'shared-entry-wins');
  }
}

function entriesOf(node: YamlNode | undefined): readonly (readonly [string, YamlEntry])[] {
  return node?.kind === 'map' ? [...node.entries].filter(([, { value }]) => !isNull(value)) : [];
}
