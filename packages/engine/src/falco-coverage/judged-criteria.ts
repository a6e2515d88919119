import { nearest } from '@falco-talon/core';
import type { Expression } from '../condition/expression.ts';
import { printCondition } from '../condition/print-condition.ts';
import { compileCriteria } from '../match/criteria.ts';
import { fieldCriteriaText } from '../rules/parse-field-criteria.ts';
import { priorityText } from '../rules/parse-priority.ts';
import type { Match } from '../rules/rule.ts';
import type { Alerts } from './alerts-of.ts';
import { absentFields, judgeFields, some, type Certainty, type JudgeCondition } from './certainty.ts';

/** A criterion, or one of the alternatives it has, judged for the alerts of a Falco rule before there is one. */
export interface JudgedCriterion {
  readonly kind: 'source' | 'priority' | 'tags' | 'output_fields' | 'condition';
  /** As the rules file says it. */
  readonly expected: string;
  readonly certainty: (alerts: Alerts) => Certainty;
  /** Why it never holds for these alerts: what they have there, or which fields they lack. */
  readonly reason: (alerts: Alerts) => { readonly has?: string; readonly lacks?: readonly string[] };
  /** What to say besides when it holds for no Falco rule at all. */
  readonly hint: (all: readonly Alerts[]) => string;
  /** Of a criterion that is a list: its items, any of which is enough. */
  readonly alternatives: readonly JudgedCriterion[];
}

const NO_HINT = { hint: () => '', alternatives: [] } as const;

/** All but the one on names. */
export function judgeCriteria(match: Match, judgeCondition: JudgeCondition): readonly JudgedCriterion[] {
  const { source, priority, tags, outputFields, condition } = match;
  return [
    ...(source === undefined ? [] : [sourceCriterion(source)]),
    ...(priority ? [priorityCriterion(priority)] : []),
    ...(tags.length > 0 ? [withAlternatives(tags.map(tagsCriterion))] : []),
    ...(outputFields.length > 0 ? [withAlternatives(outputFields.map(fieldsCriterion))] : []),
    ...(condition ? [conditionCriterion(condition, judgeCondition)] : []),
  ];
}

/** What the server itself would say; the criterion asks for nothing an alert could change. */
function asServed(match: Partial<Match>): (alerts: Alerts) => boolean {
  const [criterion] = compileCriteria({ rules: [], tags: [], outputFields: [], ...match }, () => () => true);
  return ({ view }) => criterion!.holds(view);
}

function sourceCriterion(source: string): JudgedCriterion {
  return {
    ...NO_HINT,
    kind: 'source',
    expected: source,
    certainty: asServed({ source }),
    reason: ({ view }) => ({ has: view.event.source }),
    hint: (all) => {
      const sources = [...new Set(all.map(({ view }) => view.event.source))].toSorted();
      return ` (sources: ${sources.slice(0, 20).join(', ')})`;
    },
  };
}

function priorityCriterion(priority: NonNullable<Match['priority']>): JudgedCriterion {
  return {
    ...NO_HINT,
    kind: 'priority',
    expected: priorityText(priority),
    certainty: asServed({ priority }),
    reason: ({ rule }) => ({ has: rule.priority }),
  };
}

function tagsCriterion(tags: readonly string[]): JudgedCriterion {
  return {
    ...NO_HINT,
    kind: 'tags',
    expected: tags.join(', '),
    certainty: asServed({ tags: [tags] }),
    reason: ({ view: { event } }) => ({ has: event.tags.length === 0 ? 'no tags' : event.tags.join(', ') }),
    hint: (all) => {
      const known = new Set(all.flatMap(({ view }) => view.event.tags));
      const unknown = tags.filter((tag) => !known.has(tag)).slice(0, 3);
      return unknown.map((tag) => unknownTag(tag, known)).join('');
    },
  };
}

function unknownTag(tag: string, known: ReadonlySet<string>): string {
  const near = nearest(tag, known);
  return `; there is no tag ${tag}${near === undefined ? '' : `, did you mean ${near}?`}`;
}

function fieldsCriterion(group: Match['outputFields'][number]): JudgedCriterion {
  return {
    ...NO_HINT,
    kind: 'output_fields',
    expected: fieldCriteriaText(group),
    certainty: (alerts) => judgeFields(group, alerts),
    reason: ({ fields }) => ({
      lacks: group.filter(({ field, operator }) => operator === '=' && !fields.has(field)).map(({ field }) => field),
    }),
  };
}

function conditionCriterion(condition: NonNullable<Match['condition']>, judge: JudgeCondition): JudgedCriterion {
  return {
    ...NO_HINT,
    kind: 'condition',
    get expected() {
      return shortened(condition);
    },
    certainty: (alerts) => judge(condition, alerts),
    reason: (alerts) => {
      const lacks = absentFields(condition, alerts, false);
      // With all the fields it asks for, would it be possible?
      const complete = { ...alerts, fields: new Set([...alerts.fields, ...lacks]) };
      if (judge(condition, complete) !== false) return { lacks };
      return { has: `${shortened(falsePart(condition, alerts, judge))} is false` };
    },
  };
}

/** Of parts joined by `and` the first that never holds. */
function falsePart(condition: Expression, alerts: Alerts, judge: JudgeCondition): Expression {
  if (condition.kind === 'macro') return falsePart(condition.part, alerts, judge);
  const part = condition.kind === 'and' && condition.parts.find((inner) => judge(inner, alerts) === false);
  return part ? falsePart(part, alerts, judge) : condition;
}

function shortened(condition: Expression): string {
  const text = printCondition(condition);
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}

function withAlternatives(alternatives: readonly JudgedCriterion[]): JudgedCriterion {
  const [first] = alternatives;
  return {
    kind: first!.kind,
    expected: alternatives.map(({ expected }) => expected).join(' or '),
    certainty: (alerts) => some(alternatives, ({ certainty }) => certainty(alerts)),
    reason: (alerts) => {
      const reasons = alternatives.map(({ reason }) => reason(alerts));
      return { ...reasons[0], ...(reasons[0]!.lacks && { lacks: reasons.flatMap(({ lacks = [] }) => lacks) }) };
    },
    hint: (all) => alternatives.map(({ hint }) => hint(all)).join(''),
    alternatives: alternatives.length > 1 ? alternatives : [],
  };
}
