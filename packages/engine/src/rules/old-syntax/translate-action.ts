import type { Registry } from '../../registry/registry.ts';
import { readKeys } from '../read-keys.ts';
import type { Report } from '../report.ts';
import type { YamlEntry, YamlMap } from '../yaml-node.ts';
import { OLD_ACTION_KEYS, OTHER_NAMES, PARAMETER_KEYS } from './old-keys.ts';
import { translateParameters } from './translate-parameters.ts';

export interface TranslatedAction {
  /** Today's full name. */
  readonly actionner: string;
  /** Where it was named. */
  readonly name: YamlEntry;
  readonly parameters: YamlEntry<YamlMap> | undefined;
  /** Today's keys of what is wrong, which has been reported. */
  readonly broken: readonly string[];
}

/** `action: {name: …, parameters: …}` of the first releases. Undefined when it cannot be told which one it is. */
export function translateAction(map: YamlMap, registry: Registry, report: Report): TranslatedAction | undefined {
  const { values, entries, broken } = readKeys(map, OLD_ACTION_KEYS, report);
  const parameters = onlyOne(entries, report);
  const name = entries.get('name');
  if (values.name === undefined || !name) {
    if (!broken.has('name')) report.error(map.place, 'an action has a name: action: {name: kubernetes:terminate}');
    return undefined;
  }
  const actionner = todaysName(values.name, name, registry, report);
  if (actionner === undefined) return undefined;
  return {
    actionner,
    name,
    parameters: parameters && translateParameters(actionner, parameters, registry, report),
    broken: PARAMETER_KEYS.some((key) => broken.has(key)) ? [...broken, 'parameters'] : [...broken],
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
function todaysName(name: string, { value }: YamlEntry, { actionners }: Registry, report: Report): string | undefined {
  const lower = name.toLowerCase();
  const other = OTHER_NAMES.get(lower);
  if (other !== undefined || actionners.has(lower)) return other ?? lower;
  if (lower.includes(':')) return name;
  const found = [...actionners.keys()].filter((full) => full.endsWith(`:${lower}`)).toSorted();
  if (found.length < 2) return found[0] ?? name;
  report.error(value.place, `${JSON.stringify(name)} may be ${found.join(' or ')}; write one of them`);
  return undefined;
}
