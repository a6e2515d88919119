import { fit, Type } from '@falco-talon/core';
import { normaliseSource } from '../match/source.ts';
import { MATCH_KEYS } from './block-keys.ts';
import type { MatchBlock, Placed } from './block.ts';
import { CriteriaError, parseFieldCriteria } from './parse-field-criteria.ts';
import { parsePriority } from './parse-priority.ts';
import { placed, placedList, readKeys } from './read-keys.ts';
import { readCondition } from './report-condition.ts';
import type { Report } from './report.ts';
import type { FieldCriterion, PriorityCriterion } from './rule.ts';
import { scalarText } from './scalar-text.ts';
import { plainValue, type YamlEntry } from './yaml-node.ts';

const NOTHING = {
  rules: [],
  priority: undefined,
  source: undefined,
  tags: [],
  outputFields: [],
  condition: undefined,
} as const;

/** Undefined when something in it is wrong; that has then been reported. */
export function parseMatch(entry: YamlEntry, report: Report): MatchBlock | undefined {
  const place = entry.key;
  const { value: node } = entry;
  if (node.kind !== 'map') {
    const all = node.kind === 'scalar' && node.value === 'all';
    if (all) return { ...NOTHING, place, all };
    const { issues } = fit(Type.Object({}, { additionalProperties: true }), plainValue(node));
    for (const issue of issues) report.error(node.place, `${issue.message}; or the word all, for every event`);
    return undefined;
  }
  const { values, entries, broken } = readKeys(node, MATCH_KEYS, report);
  const mistakes = { any: broken.size > 0 };
  const priority = placed(values.priority, entries.get('priority'));
  const source = placed(values.source, entries.get('source'));
  const tags = placedList(values.tags, entries.get('tags')) ?? [];
  const condition = placed(values.condition, entries.get('condition'));
  const fields = placedList(values.output_fields, entries.get('output_fields')) ?? [];
  const block: MatchBlock = {
    place,
    all: false,
    rules: values.rules ?? [],
    priority: priority && readPriority(priority, report, mistakes),
    source: source && { ...source, text: normaliseSource(source.text) },
    tags: tags.map((item) => readTags(item, report, mistakes)),
    outputFields: fields.map((item) => readFields(item, report, mistakes)),
    condition: condition && readCondition(scalarText(condition), report),
  };
  if (condition && !block.condition) mistakes.any = true;
  return mistakes.any ? undefined : block;
}

interface Mistakes {
  any: boolean;
}

function readPriority(item: Placed, report: Report, mistakes: Mistakes): PriorityCriterion | undefined {
  const priority = parsePriority(item.text);
  if (typeof priority !== 'string') return priority;
  report.error(item.place, priority);
  mistakes.any = true;
  return undefined;
}

function readTags(item: Placed, report: Report, mistakes: Mistakes): string[] {
  const tags = item.text.split(',').map((tag) => tag.trim());
  if (tags.includes('')) {
    const comma = /^\s*,|,\s*(?:,|$)/.exec(item.text)?.index ?? 0;
    report.error(scalarText(item).placeAt(comma, 1), 'a tag is missing beside a comma');
    mistakes.any = true;
  }
  return tags;
}

function readFields(item: Placed, report: Report, mistakes: Mistakes): FieldCriterion[] {
  try {
    return parseFieldCriteria(item.text);
  } catch (error) {
    if (!(error instanceof CriteriaError)) throw error;
    report.error(scalarText(item).placeAt(error.offset, error.length), error.message);
    mistakes.any = true;
    return [];
  }
}
