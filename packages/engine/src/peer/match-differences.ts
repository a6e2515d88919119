import { parseFieldCriteria } from '../rules/parse-field-criteria.ts';
import type { FieldCriterion } from '../rules/rule.ts';
import type { YamlMap } from '../rules/yaml-node.ts';
import type { Findings } from './finding.ts';
import { goCriteria, type GoComparison } from './go-criteria.ts';
import { goNumberText } from './go-number.ts';
import type { LanguageId } from './language-differences.ts';
import { mapAt, nodeAt, textAt, textsAt } from './written.ts';

const SOURCE_ALIASES: ReadonlySet<string> = new Set(['syscalls', 'k8saudit']);
const GO_TAG = /^[a-z_0-9.]*[a-z0-9]$/i;
const GO_PRIORITY = /^[<>]?=?(?:debug|informational|notice|warning|error|critical|alert|emergency|)$/i;

/** What the criteria of one rule block mean there and here. */
export function matchDifferences(rule: YamlMap, findings: Findings): void {
  const match = mapAt(rule, 'match');
  if (!match) return;
  const source = textAt(match, 'source');
  if (source && SOURCE_ALIASES.has(source.text)) findings.add(source.place, 'source-alias');

  const priority = textAt(match, 'priority');
  if (priority?.text.startsWith('<')) findings.add(priority.place, 'priority-unknown');
  if (priority && !GO_PRIORITY.test(priority.text)) findings.add(priority.place, 'refused');

  for (const { text, place } of textsAt(match, 'tags')) {
    const tags = text.split(',').map((tag) => tag.trim());
    if (tags.some((tag) => tag.includes(' '))) findings.add(place, 'tag-blanks');
    if (tags.some((tag) => !GO_TAG.test(tag.replaceAll(' ', '')))) findings.add(place, 'refused');
  }
  for (const { text, place } of textsAt(match, 'output_fields')) {
    for (const id of fieldDifferences(text)) findings.add(place, id);
  }
  const condition = nodeAt(match, 'condition');
  if (condition) findings.add(condition.place, 'condition-ignored');
}

/** What one item of `output_fields` means there and here; it is one that loads here. */
export function fieldDifferences(item: string): ReadonlySet<LanguageId> {
  const there = goCriteria(item);
  if (there === 'refused') return new Set(['refused']);
  const here = parseFieldCriteria(item);
  if (there.length !== here.length) return new Set(['comma-parts']);
  return new Set(here.flatMap((criterion, index) => comparisonDifference(criterion, there[index]!) ?? []));
}

function comparisonDifference(
  { operator, value }: FieldCriterion,
  there: readonly GoComparison[],
): LanguageId | undefined {
  const equal = operator === '=';
  // `a!=b=c` is `a!b` = `c` there: a field that does not exist.
  if (!equal && there.some((comparison) => comparison.operator === '=')) return 'not-equal-never-held';
  const same = there.find((comparison) => comparison.operator === operator);
  if (!same) return 'comparison-dropped';
  if (same.value !== value) return equal ? 'value-never-equal' : 'value-never-excluded';
  if (value === '<nil>') return equal ? 'null-text' : 'null-not-excluded';
  const number = goNumberText(value);
  if (number === undefined || number === value) return undefined;
  return equal ? 'number-never-equal' : 'number-never-excluded';
}
