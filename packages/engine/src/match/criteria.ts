import { fieldCriteriaText } from '../rules/parse-field-criteria.ts';
import { acceptedPriorities, priorityText } from '../rules/parse-priority.ts';
import type { CompileCondition } from '../condition/compile-condition.ts';
import { explainCondition, type ExplainedComparison, type SeenValue } from '../condition/explain-condition.ts';
import type { Expression } from '../condition/expression.ts';
import { printCondition } from '../condition/print-condition.ts';
import type { FieldCriterion, Match, PriorityCriterion } from '../rules/rule.ts';
import type { EventView } from './event-view.ts';

/** Plain data, as the JSON of `explain` shows it: texts, lists of texts, or either (null when absent) by field. */
export type Seen = string | readonly string[] | Readonly<Record<string, SeenValue>>;

/** One criterion of a rule, compiled. Matching and explaining both go through `holds`. */
export interface Criterion {
  /** The key under `match`. */
  readonly criterion: 'rules' | 'priority' | 'source' | 'tags' | 'output_fields' | 'condition';
  /** As the rules file says it. */
  readonly expected: string | readonly string[];
  holds(view: EventView): boolean;
  /** What the event has there. */
  actual(view: EventView): Seen;
  /** Of a condition: what each of its comparisons finds. */
  comparisons?(view: EventView): readonly ExplainedComparison[];
}

/** The criteria a match has, the cheapest first. The one on Falco's rule names comes first of all. */
export function compileCriteria(match: Match, compileCondition: CompileCondition): Criterion[] {
  const criteria: Criterion[] = [];
  if (match.rules.length > 0) criteria.push(rulesCriterion(match.rules));
  if (match.priority) criteria.push(priorityCriterion(match.priority));
  if (match.source !== undefined) criteria.push(sourceCriterion(match.source));
  if (match.tags.length > 0) criteria.push(tagsCriterion(match.tags));
  if (match.outputFields.length > 0) criteria.push(fieldsCriterion(match.outputFields));
  if (match.condition) criteria.push(conditionCriterion(match.condition, compileCondition));
  return criteria;
}

function rulesCriterion(rules: readonly string[]): Criterion {
  const names = new Set(rules);
  return {
    criterion: 'rules',
    expected: rules,
    holds: ({ event }) => names.has(event.rule),
    actual: ({ event }) => event.rule,
  };
}

function priorityCriterion(wanted: PriorityCriterion): Criterion {
  const accepted = acceptedPriorities(wanted);
  return {
    criterion: 'priority',
    expected: priorityText(wanted),
    holds: ({ event }) => event.priority !== undefined && accepted.has(event.priority),
    actual: ({ event }) => event.priority ?? event.priorityText,
  };
}

function sourceCriterion(source: string): Criterion {
  return {
    criterion: 'source',
    expected: source,
    holds: ({ event }) => event.source === source,
    actual: ({ event }) => event.source,
  };
}

function tagsCriterion(groups: Match['tags']): Criterion {
  return {
    criterion: 'tags',
    expected: groups.map((tags) => tags.join(', ')),
    holds: (view) => groups.some((tags) => tags.every((tag) => view.hasTag(tag))),
    actual: ({ event }) => event.tags,
  };
}

function fieldsCriterion(groups: Match['outputFields']): Criterion {
  const fields = [...new Set(groups.flat().map(({ field }) => field))];
  return {
    criterion: 'output_fields',
    expected: groups.map(fieldCriteriaText),
    holds(view) {
      for (const group of groups) if (allEqual(group, view)) return true;
      return false;
    },
    actual: (view) => Object.fromEntries(fields.map((field) => [field, view.text(field) ?? null])),
  };
}

/** An absent or null field equals no text, so `!=` holds for it. */
function allEqual(group: readonly FieldCriterion[], view: EventView): boolean {
  for (const { field, operator, value } of group) {
    if ((view.text(field) === value) !== (operator === '=')) return false;
  }
  return true;
}

function conditionCriterion(condition: Expression, compileCondition: CompileCondition): Criterion {
  const { comparisons, actual } = explainCondition(condition);
  return {
    criterion: 'condition',
    get expected() {
      return printCondition(condition);
    },
    holds: compileCondition(condition),
    actual,
    comparisons,
  };
}
