import { fit, Type, valueText } from '@falco-talon/core';
import { fieldCriteriaText } from '../parse-field-criteria.ts';
import type { Report } from '../report.ts';
import { isNull, plainValue, type YamlEntry, type YamlMap, type YamlNode } from '../yaml-node.ts';

/**
 * A `match` of the first releases as today's. Their key for the source was `Source`. Until June 2023 `output_fields` was
 * a map, all of which had to hold, and so had all `tags`; from then on both are lists of alternatives.
 * @param early whether the rest of the rule is of before June 2023
 */
export function translateMatch(entry: YamlEntry, early: boolean, report: Report): YamlEntry {
  if (entry.value.kind !== 'map') return entry;
  const fields = entry.value.entries.get('output_fields')?.value;
  const together = fields?.kind === 'map' || (early && fields === undefined);
  const entries = new Map<string, YamlEntry>();
  for (const [key, item] of entry.value.entries) {
    if (key === 'Source') entries.set('source', sourceEntry(entry.value, item, report));
    else if (key === 'output_fields') entries.set(key, { key: item.key, value: fieldList(item, report) });
    else if (key === 'tags' && together) entries.set(key, { key: item.key, value: joinedTags(item, report) });
    else if (!(key === 'source' && entries.has('source'))) entries.set(key, item);
  }
  return { key: entry.key, value: { ...entry.value, entries } };
}

function sourceEntry({ entries }: YamlMap, entry: YamlEntry, report: Report): YamlEntry {
  if (entries.has('source')) report.error(entry.key, 'source and Source are the same key; write one of them');
  return entry;
}

/** `{a: b, c: d}` as `[a=b, c=d]`, one item whose comparisons must all hold. */
function fieldList({ value: node }: YamlEntry, report: Report): YamlNode {
  if (node.kind !== 'map') return node;
  const criteria = [...node.entries].flatMap(([field, entry]) => {
    const text = scalar(entry, report);
    return text === undefined ? [] : [{ field, operator: '=' as const, value: text }];
  });
  if (criteria.length === 0) return { kind: 'list', place: node.place, items: [] };
  return {
    kind: 'list',
    place: node.place,
    items: [{ kind: 'scalar', place: node.place, value: fieldCriteriaText(criteria) }],
  };
}

function scalar(entry: YamlEntry, report: Report): string | undefined {
  if (isNull(entry.value)) {
    report.error(
      entry.value.place,
      'a value is missing; write condition: not FIELD exists for a field that must be absent',
    );
    return undefined;
  }
  const { value, issues } = fit(Type.String(), plainValue(entry.value));
  report.issues(entry, issues, value);
  return issues.length > 0 ? undefined : value;
}

/** `[a, b]` as `['a, b']`, one item whose tags must all be there. */
function joinedTags(entry: YamlEntry, report: Report): YamlNode {
  const { value: node } = entry;
  if (node.kind !== 'list' || node.items.length < 2) return node;
  const texts = node.items.map((item) => (item.kind === 'scalar' ? valueText(item.value) : ''));
  const text = texts.join(', ');
  if (texts.includes('')) return node;
  report.warning(
    entry.key,
    `all of these tags must be there, as in the releases this rule was written for; later ones read a list as alternatives (today: ${JSON.stringify([text])})`,
  );
  return { ...node, items: [{ kind: 'scalar', place: node.place, value: text }] };
}

/** Whether an `action` is of the years when all tags had to be there. */
export function isEarly(action: YamlNode | undefined): boolean {
  return action?.kind === 'map' && (action.entries.has('arguments') || action.entries.has('options'));
}
