import type { Registry } from '../../registry/registry.ts';
import { readKeys, type ReadKeys } from '../read-keys.ts';
import type { Report } from '../report.ts';
import { isNull, type YamlEntry, type YamlMap, type YamlNode } from '../yaml-node.ts';
import { OLD_RULE_KEYS, RUNS_BEFORE } from './old-keys.ts';
import { translateAction, type TranslatedAction } from './translate-action.ts';
import { translateMatch } from './translate-match.ts';

/** When a rule's turn was: before all others, instead of all others behind it, or when no such rule matched. */
export type Turn = 'before' | 'alone' | 'after';

export interface TranslatedRule {
  readonly original: YamlMap;
  /** A block as today's syntax has it; every key and value stands where it was written. */
  readonly block: YamlMap;
  readonly turn: Turn;
  /** False: its action is wrong, which has been reported. */
  readonly complete: boolean;
}

/**
 * A rule of the first releases as a block of today's.
 * Undefined when it has no name.
 * @param taken names of shared actions: they must not be laid under an action of that time, which had no name of its own
 */
export function translateRule(
  rule: YamlMap,
  registry: Registry,
  taken: ReadonlySet<string>,
  report: Report,
): TranslatedRule | undefined {
  const read = readKeys(rule, OLD_RULE_KEYS, report);
  const { entries, broken } = read;
  if (!entries.has('name')) {
    if (!broken.has('name'))
      report.error(rule.place, 'a rule of the first releases begins with its name: - name: NAME');
    return undefined;
  }
  const actionEntry = entries.get('action');
  const map = actionEntry?.value.kind === 'map' ? actionEntry.value : undefined;
  if (!map && !broken.has('action')) {
    report.error(rule.place, 'a rule of the first releases has an action: action: {name: kubernetes:terminate}');
  }
  const action = map && translateAction(map, registry, report);
  const turn = turnOf(read, action, registry, report);
  const weight = entries.get('weight');
  if (weight) report.warning(weight.key, 'weight never had an effect and can be removed');

  const block = new Map<string, YamlEntry>();
  for (const [key, entry] of rule.entries) {
    if (key === 'name') block.set('rule', entry);
    else if (key === 'match') block.set(key, translateMatch(entry, map !== undefined && isEarly(map), report));
    else if (key === 'description' || key === 'dry_run' || key === 'notifiers') block.set(key, entry);
    else if (key === 'action' && action) {
      const item: YamlMap = { ...map!, entries: named(action, taken) };
      block.set('actions', { key: entry.key, value: { kind: 'list', place: entry.value.place, items: [item] } });
    }
    // What ran before all others never kept the others from running.
    else if (key === 'continue' && turn !== 'before' && !isNull(entry.value)) block.set(key, entry);
  }
  if (turn === 'alone' && !block.has('continue')) {
    const place = (actionEntry ?? entries.get('name'))?.key ?? rule.place;
    block.set('continue', { key: place, value: { kind: 'scalar', place, value: false } });
  }
  return { original: rule, block: { ...rule, entries: block }, turn, complete: action !== undefined };
}

function turnOf(
  { values, entries }: ReadKeys<typeof OLD_RULE_KEYS>,
  action: TranslatedAction | undefined,
  registry: Registry,
  report: Report,
): Turn {
  const own = action && registry.actionners.get(action.actionner)?.part;
  if (values.before ?? (action !== undefined && RUNS_BEFORE.has(action.actionner))) {
    if (values.continue === false) {
      const why =
        values.before === undefined
          ? `${action?.actionner} runs before all others, unless it says before: false`
          : 'of before: true';
      report.warning(entries.get('continue')!.key, `continue: false is ignored because ${why}`);
    }
    return 'before';
  }
  return (values.continue ?? own?.continue ?? true) ? 'after' : 'alone';
}

/**
 * The order in which today's engine does the same as the three passes of that time: all that ran before the others, then
 * each that kept the others from running, then the rest.
 */
export function inTurn<T extends { readonly turn: Turn }>(rules: readonly T[]): readonly T[] {
  return (['before', 'alone', 'after'] as const).flatMap((turn) => rules.filter((rule) => rule.turn === turn));
}

function isEarly({ entries }: YamlMap): boolean {
  return entries.has('arguments') || entries.has('options');
}

function named({ actionner, entries }: TranslatedAction, taken: ReadonlySet<string>): YamlMap['entries'] {
  const short = actionner.slice(actionner.indexOf(':') + 1);
  let name = short;
  for (let n = 2; taken.has(name); n++) name = `${short} ${n}`;
  const entry = entries.get('actionner')!;
  const value: YamlNode = { ...entry.value, value: name } as YamlNode;
  return new Map([['action', { key: entry.key, value }], ...entries]);
}
