import type { FalcoEvent } from '@falco-talon/core';
import { createConditionCompiler, type CompileCondition } from '../condition/compile-condition.ts';
import type { ExplainedComparison } from '../condition/explain-condition.ts';
import type { Rule, RuleSet } from '../rules/rule.ts';
import { compileCriteria, type Criterion, type Seen } from './criteria.ts';
import { viewEvent, type EventView } from './event-view.ts';
import { possibleRules } from './possible-rules.ts';

export interface Matcher {
  /** The rules that match, in order; none after a matching one whose `continue` is false. */
  match(event: FalcoEvent): readonly Rule[];
  /** What `match` decides and why, for every rule in order. */
  explain(event: FalcoEvent): RuleVerdict[];
}

export interface RuleVerdict {
  readonly rule: string;
  /** False when an earlier rule matched and has `continue: false`. */
  readonly evaluated: boolean;
  readonly matched: boolean;
  /** Empty for a rule that matches everything, and for one that was not evaluated. */
  readonly criteria: readonly {
    readonly criterion: Criterion['criterion'];
    readonly expected: Criterion['expected'];
    readonly actual: Seen;
    readonly holds: boolean;
    /** Of a condition only: each of its comparisons, whether or not it decided. */
    readonly comparisons?: readonly ExplainedComparison[];
  }[];
}

interface CompiledRule {
  readonly rule: Rule;
  readonly criteria: readonly Criterion[];
  /** The ones the index has not answered already. */
  readonly remaining: readonly Criterion[];
}

const NONE: readonly number[] = [];

/**
 * Compiles the rules once, so that an event costs a look-up by Falco's rule name plus the rules that name none.
 * Pure: the same event always gets the same answer.
 */
export function compileMatcher(ruleSet: RuleSet): Matcher {
  const compileCondition = createConditionCompiler();
  const compiled = ruleSet.rules.map((rule) => compileRule(rule, compileCondition));
  const named = new Map<string, number[]>();
  const nameless: number[] = [];
  for (const [index, { rule }] of compiled.entries()) {
    const names = possibleRules(rule.match);
    if (!names) nameless.push(index);
    for (const name of names ?? []) {
      const indexes = named.get(name);
      if (indexes) indexes.push(index);
      else named.set(name, [index]);
    }
  }

  return {
    match(event) {
      const withName = named.get(event.rule) ?? NONE;
      const matched: Rule[] = [];
      if (withName.length + nameless.length === 0) return matched;
      const view = viewEvent(event);
      // Both lists are in the order of the rules; walk them as one.
      for (let a = 0, b = 0; a < withName.length || b < nameless.length;) {
        const fromNamed = withName[a] ?? Infinity;
        const fromNameless = nameless[b] ?? Infinity;
        const candidate = compiled[fromNamed < fromNameless ? (a++, fromNamed) : (b++, fromNameless)]!;
        if (!allHold(candidate.remaining, view)) continue;
        matched.push(candidate.rule);
        if (!candidate.rule.continue) break;
      }
      return matched;
    },

    explain(event) {
      const view = viewEvent(event);
      let stopped = false;
      return compiled.map(({ rule, criteria }) => {
        if (stopped) return { rule: rule.name, evaluated: false, matched: false, criteria: [] };
        const seen = criteria.map((criterion) => ({
          criterion: criterion.criterion,
          expected: criterion.expected,
          actual: criterion.actual(view),
          holds: criterion.holds(view),
          ...(criterion.comparisons && { comparisons: criterion.comparisons(view) }),
        }));
        const matched = seen.every(({ holds }) => holds);
        stopped = matched && !rule.continue;
        return { rule: rule.name, evaluated: true, matched, criteria: seen };
      });
    },
  };
}

function compileRule(rule: Rule, compileCondition: CompileCondition): CompiledRule {
  const criteria = compileCriteria(rule.match, compileCondition);
  return { rule, criteria, remaining: criteria.filter(({ criterion }) => criterion !== 'rules') };
}

function allHold(criteria: readonly Criterion[], view: EventView): boolean {
  for (const criterion of criteria) if (!criterion.holds(view)) return false;
  return true;
}
