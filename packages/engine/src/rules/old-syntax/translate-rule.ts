import type { Registry } from '../../registry/registry.ts';
import { readKeys, type ReadKeys } from '../read-keys.ts';
import type { Report } from '../report.ts';
import { isNull, type YamlEntry, type YamlMap } from '../yaml-node.ts';
import { OLD_RULE_KEYS, RUNS_BEFORE } from './old-keys.ts';
import { translateAction, type TranslatedAction } from './translate-action.ts';
import { isEarly, translateMatch } from './translate-match.ts';

/** When a rule's turn was: before all others, instead of all others behind it, or when no such rule matched. */
export type Turn = 'before' | 'alone' | 'after';

export interface TranslatedRule {
  readonly original: YamlMap;
  /** A block as today's syntax has it; every key and value stands where it was written. */
  readonly block: YamlMap;
  readonly turn: Turn;
  /** Today's keys of what is wrong in the rule and in its action, which has been reported. */
  readonly broken: { readonly rule: readonly string[]; readonly action: readonly string[] };
}

type Read = ReadKeys<typeof OLD_RULE_KEYS>;

/**
 * A rule of the first releases as a block of today's. Undefined when it has no name.
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
    if (!broken.has('name')) report.error(rule.place, 'an old rule begins with its name: - name: NAME');
    return undefined;
  }
  const action = readAction(rule, read, registry, report);
  const turn = turnOf(read, action, registry, report);
  const weight = entries.get('weight');
  if (weight) report.warning(weight.key, 'weight never had an effect and can be removed');
  return {
    original: rule,
    block: assemble(rule, action, turn, taken, report),
    turn,
    broken: {
      rule: action ? [...broken] : [...broken, 'actions'],
      action: action ? [...action.broken] : [],
    },
  };
}

function readAction(
  rule: YamlMap,
  { entries, broken }: Read,
  registry: Registry,
  report: Report,
): TranslatedAction | undefined {
  const node = entries.get('action')?.value;
  if (node?.kind === 'map') return translateAction(node, registry, report);
  if (!broken.has('action')) {
    report.error(rule.place, 'an old rule has an action: action: {name: kubernetes:terminate}');
  }
  return undefined;
}

function turnOf(
  { values, entries }: Read,
  action: TranslatedAction | undefined,
  registry: Registry,
  report: Report,
): Turn {
  const { before, continue: goesOn } = values;
  if (before ?? (action !== undefined && RUNS_BEFORE.has(action.actionner))) {
    if (goesOn === false) {
      const why =
        before === undefined
          ? `${action?.actionner} runs before all others, unless the rule says before: false`
          : 'of before: true';
      report.warning(entries.get('continue')!.key, `continue: false is ignored because ${why}`);
    }
    return 'before';
  }
  const preset = action && registry.actionners.get(action.actionner)?.part.continue;
  return (goesOn ?? preset ?? true) ? 'after' : 'alone';
}

/** In the order of the keys that the user chose. */
function assemble(
  { place, entries }: YamlMap,
  action: TranslatedAction | undefined,
  turn: Turn,
  taken: ReadonlySet<string>,
  report: Report,
): YamlMap {
  const block = new Map<string, YamlEntry>();
  for (const [key, entry] of entries) {
    if (key === 'name') block.set('rule', entry);
    else if (key === 'match') block.set(key, translateMatch(entry, isEarly(entries.get('action')?.value), report));
    else if (key === 'action' && action) block.set('actions', listOf(entry, action, taken));
    else if (key === 'description' || key === 'dry_run' || key === 'notifiers') block.set(key, entry);
    // What ran before all others never kept the others from running.
    else if (key === 'continue' && turn !== 'before' && !isNull(entry.value)) block.set(key, entry);
  }
  if (turn === 'alone' && !block.has('continue')) {
    const { key } = block.get('actions')!;
    block.set('continue', { key, value: { kind: 'scalar', place: key, value: false } });
  }
  return { kind: 'map', place, entries: block };
}

function listOf({ key, value }: YamlEntry, action: TranslatedAction, taken: ReadonlySet<string>): YamlEntry {
  const { actionner, name } = action;
  const short = actionner.slice(actionner.indexOf(':') + 1);
  let own = short;
  for (let n = 2; taken.has(own); n++) own = `${short} ${n}`;
  const item: YamlMap = {
    kind: 'map',
    place: value.place,
    entries: new Map<string, YamlEntry>([
      ['action', { key: name.key, value: { kind: 'scalar', place: name.value.place, value: own } }],
      ['actionner', { key: name.key, value: { kind: 'scalar', place: name.value.place, value: actionner } }],
      ...(action.parameters ? [['parameters', action.parameters] as const] : []),
    ]),
  };
  return { key, value: { kind: 'list', place: value.place, items: [item] } };
}

/**
 * The order in which today's engine does the same as the three passes of that time: all that ran before the others, then
 * each that kept the others from running, then the rest.
 */
export function inTurn<T extends { readonly turn: Turn }>(rules: readonly T[]): readonly T[] {
  return (['before', 'alone', 'after'] as const).flatMap((turn) => rules.filter((rule) => rule.turn === turn));
}
