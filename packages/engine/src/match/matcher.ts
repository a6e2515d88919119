import type { FalcoEvent } from '@falco-talon/core';
import { createConditionCompiler, type CompileCondition } from '../condition/compile-condition.ts';
import type { ExplainedComparison } from '../condition/explain-condition.ts';
import type { Rule, RuleSet } from '../rules/rule.ts';
import { compileCriteria, type Criterion, type Seen } from './criteria.ts';
import { viewEvent, type EventView } from './event-view.ts';
import { neededFacts, type AnyOf } from './needed-facts.ts';
import { buildRuleIndex } from './rule-index.ts';

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
  /** True when the index may find it more than once for an event. */
  readonly repeats: boolean;
}

/**
 * Compiles the rules once, so that an event costs a few look-ups and the rules that what it has leads to.
 * Pure: the same event always gets the same answer.
 */
export function compileMatcher(ruleSet: RuleSet): Matcher {
  const compileCondition = createConditionCompiler();
  const index = buildRuleIndex(ruleSet.rules.map(({ match }) => neededFacts(match)));
  const compiled = ruleSet.rules.map((rule, n) => compileRule(rule, index.chosen[n], compileCondition));

  return {
    match(event) {
      const view = viewEvent(event);
      const lists = index.candidates(view);
      const matched: number[] = [];
      let tried: Set<number> | undefined;
      /** The first rule found to match that ends the search: none after it counts. */
      let last = Infinity;
      for (const list of lists) {
        for (const n of list) {
          if (n > last) break;
          const { rule, remaining, repeats } = compiled[n]!;
          if (repeats) {
            tried ??= new Set();
            if (tried.has(n)) continue;
            tried.add(n);
          }
          if (!allHold(remaining, view)) continue;
          matched.push(n);
          if (!rule.continue) last = n;
        }
      }
      // Each list is in the order of the rules.
      if (lists.length > 1 && matched.length > 1) matched.sort((a, b) => a - b);
      while (matched.length > 0 && matched.at(-1)! > last) matched.pop();
      return matched.map((n) => compiled[n]!.rule);
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

function compileRule(rule: Rule, found: AnyOf | undefined, compileCondition: CompileCondition): CompiledRule {
  const criteria = compileCriteria(rule.match, compileCondition);
  const byName = found !== undefined && found.every(({ slot }) => slot === 'rule');
  return {
    rule,
    criteria,
    remaining: byName ? criteria.filter(({ criterion }) => criterion !== 'rules') : criteria,
    repeats: found !== undefined && !byName,
  };
}

function allHold(criteria: readonly Criterion[], view: EventView): boolean {
  for (const criterion of criteria) if (!criterion.holds(view)) return false;
  return true;
}
