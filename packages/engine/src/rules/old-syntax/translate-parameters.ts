import type { Registry } from '../../registry/registry.ts';
import type { Report } from '../report.ts';
import type { YamlEntry, YamlMap } from '../yaml-node.ts';
import { LABEL, OTHER_PARAMETERS } from './old-keys.ts';

/** The parameters under today's names: `gracePeriodSeconds` is `grace_period_seconds`. Each keeps its place. */
export function translateParameters(
  actionner: string,
  given: YamlEntry<YamlMap>,
  registry: Registry,
  report: Report,
): YamlEntry<YamlMap> {
  const known = Object.keys(registry.actionners.get(actionner)?.part.parameters.properties ?? {});
  if (actionner === LABEL && areLabels(given.value, known)) {
    return { key: given.key, value: { ...given.value, entries: new Map([['labels', given]]) } };
  }
  const entries = new Map<string, YamlEntry>();
  const written = new Map<string, string>();
  for (const [key, entry] of given.value.entries) {
    const name = todaysKey(key, known, OTHER_PARAMETERS.get(actionner));
    const before = written.get(name);
    if (before !== undefined) {
      report.error(entry.key, `${key} and ${before} are the same parameter; write one of them`);
      continue;
    }
    if (key === 'allow' && name !== key && entry.value.kind === 'list' && entry.value.items.length === 0) {
      report.warning(entry.key, `without an address, ${key} allowed all egress then; today it cuts all of it`);
    }
    written.set(name, key);
    entries.set(name, entry);
  }
  return { key: given.key, value: { ...given.value, entries } };
}

/** Until June 2023 the labels themselves stood where parameters stand. */
function areLabels({ entries }: YamlMap, known: readonly string[]): boolean {
  const all = [...entries];
  return (
    !entries.has('labels') &&
    all.some(([key]) => !known.includes(key)) &&
    all.every(([, { value }]) => value.kind === 'scalar')
  );
}

function todaysKey(key: string, known: readonly string[], others: ReadonlyMap<string, string> | undefined): string {
  if (known.includes(key)) return key;
  const other = others?.get(key);
  if (other !== undefined && known.includes(other)) return other;
  if (!/^[a-z]+[A-Z][A-Za-z0-9]*$/.test(key)) return key;
  const same = known.filter((name) => name.replaceAll('_', '') === key.toLowerCase());
  return same.length === 1 ? same[0]! : key;
}
