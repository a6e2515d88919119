import type { Registry } from '../../registry/registry.ts';
import type { Placed } from '../block.ts';
import { placed, readKeys } from '../read-keys.ts';
import type { Report } from '../report.ts';
import type { YamlEntry, YamlMap } from '../yaml-node.ts';
import { OLD_ACTION_KEYS, OTHER_NAMES, PARAMETER_KEYS } from './old-keys.ts';
import { translateParameters } from './translate-parameters.ts';

export interface TranslatedAction {
  /** Today's full name. */
  readonly actionner: string;
  /** As an entry of a rule's `actions`, but for its name. */
  readonly entries: YamlMap['entries'];
}

/** `action: {name: …, parameters: …}` of the first releases. Undefined when it is wrong, which has been reported. */
export function translateAction(map: YamlMap, registry: Registry, report: Report): TranslatedAction | undefined {
  const { values, entries, broken } = readKeys(map, OLD_ACTION_KEYS, report);
  const name = placed(values.name, entries.get('name'));
  const parameters = onlyOne(entries, report);
  if (!name) {
    if (!broken.has('name')) report.error(map.place, 'an action has a name: action: {name: kubernetes:terminate}');
    return undefined;
  }
  const actionner = todaysName(name, registry, report);
  if (actionner === undefined || broken.size > 0) return undefined;
  const nameEntry = entries.get('name')!;
  const value = { kind: 'scalar', place: name.place, value: actionner } as const;
  const own = parameters && translateParameters(actionner, parameters, registry, report);
  return {
    actionner,
    entries: new Map<string, YamlEntry>([
      ['actionner', { key: nameEntry.key, value }],
      ...(own ? [['parameters', own] as const] : []),
    ]),
  };
}

function onlyOne(entries: ReadonlyMap<string, YamlEntry>, report: Report): YamlEntry<YamlMap> | undefined {
  const [first, ...others] = PARAMETER_KEYS.filter((key) => entries.has(key));
  for (const key of others) {
    report.error(entries.get(key)!.key, `${key} and ${first} are the same key; write all of them below parameters`);
  }
  const entry = first === undefined ? undefined : entries.get(first);
  return entry?.value.kind === 'map' ? { key: entry.key, value: entry.value } : undefined;
}

/** Case did not matter. A name that is unknown stays as it is: that is reported where actionners are looked up. */
function todaysName(name: Placed, { actionners }: Registry, report: Report): string | undefined {
  const lower = name.text.toLowerCase();
  const other = OTHER_NAMES.get(lower);
  if (other !== undefined || actionners.has(lower)) return other ?? lower;
  if (lower.includes(':')) return name.text;
  const found = [...actionners.keys()].filter((full) => full.endsWith(`:${lower}`)).toSorted();
  if (found.length < 2) return found[0] ?? name.text;
  report.error(name.place, `${JSON.stringify(name.text)} may be ${found.join(' or ')}; write one of them`);
  return undefined;
}
