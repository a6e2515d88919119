import { nearest, PRIORITIES, type FalcoEvent } from '@falco-talon/core';
import type { RuleVerdict } from '../match/matcher.ts';
import { nearMiss } from '../match/near-miss.ts';
import { parseFieldCriteria } from '../rules/parse-field-criteria.ts';
import type { FieldCriterion } from '../rules/rule.ts';

type Criterion = RuleVerdict['criteria'][number];

/** A verdict of the matcher, and what nearly made its criteria hold. */
export interface ExplainedRule extends Omit<RuleVerdict, 'criteria'> {
  readonly criteria: readonly ExplainedCriterion[];
}
export interface ExplainedCriterion extends Criterion {
  readonly near_miss?: string;
}

export function explainRule(verdict: RuleVerdict, event: FalcoEvent): ExplainedRule {
  const criteria = verdict.criteria.map((criterion) => {
    const miss = criterion.holds ? undefined : missOf(criterion, event);
    return miss === undefined ? criterion : { ...criterion, near_miss: miss };
  });
  return { ...verdict, criteria };
}

function missOf({ criterion, expected, actual }: Criterion, event: FalcoEvent): string | undefined {
  const wanted = typeof expected === 'string' ? [expected] : expected;
  switch (criterion) {
    case 'rules':
    case 'source':
      return typeof actual === 'string' ? nearMiss(actual, wanted) : undefined;
    case 'priority':
      return unknownPriority(event);
    case 'tags':
      return firstOf(
        wanted.flatMap((tags) => tags.split(', ')),
        (tag) => nearMissOfAny(event.tags, tag),
      );
    case 'output_fields':
      return firstOf(wanted.flatMap(parseFieldCriteria), (comparison) => fieldMiss(comparison, actual, event));
    case 'condition':
      return undefined;
  }
}

function unknownPriority({ priority, priorityText }: FalcoEvent): string | undefined {
  if (priority !== undefined || priorityText === '') return undefined;
  const start = priorityText.toLowerCase();
  const hint = PRIORITIES.find((word) => word.toLowerCase().startsWith(start)) ?? nearest(start, PRIORITIES);
  return `${JSON.stringify(priorityText)} is no priority of Falco${hint === undefined ? '' : `; is it meant to be ${hint}?`}`;
}

function fieldMiss({ field, operator, value }: FieldCriterion, actual: unknown, event: FalcoEvent): string | undefined {
  const seen = (actual as Readonly<Record<string, string | null>>)[field];
  if (operator === '=' && typeof seen === 'string') return nearMiss(seen, [value]);
  return event.fields.has(field) ? undefined : nearMissOfAny([...event.fields.keys()].slice(0, MOST_FIELDS), field);
}

/** An alert has some dozens; a hostile one may have a hundred thousand. */
const MOST_FIELDS = 1000;

function nearMissOfAny(texts: readonly string[], wanted: string): string | undefined {
  return texts.includes(wanted) ? undefined : firstOf(texts, (text) => nearMiss(text, [wanted]));
}

function firstOf<T>(items: readonly T[], find: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
