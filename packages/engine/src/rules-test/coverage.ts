import type { Chain } from '../plan/plan.ts';
import type { Position, Rule, RuleSet } from '../rules/rule.ts';

/** What the tests made of the rules. */
export interface RulesCoverage {
  readonly rules: Share;
  readonly actions: Share;
  /** Rules no test made match, in the order of the files. */
  readonly unmatched: readonly { readonly rule: string; readonly position: Position }[];
  /** Actions no test made run, of rules that were made to match. */
  readonly idle: readonly { readonly rule: string; readonly action: string; readonly position: Position }[];
}

export interface Share {
  readonly covered: number;
  readonly all: number;
  /** Rounded down, so that 100 means all; 100 when there are none. */
  readonly percent: number;
}

export interface CoverageCounter {
  /** Rules that were under test, whether or not a test made them match. */
  add(ruleSet: RuleSet): void;
  saw(chains: readonly Chain[], ruleSet: RuleSet): void;
  result(): RulesCoverage;
}

interface Seen {
  readonly rule: Rule;
  matched: boolean;
  /** By the action's place in the rule. */
  readonly ran: Set<number>;
}

/** Counts over all test files; rules that several of them load count once. */
export function createCoverage(): CoverageCounter {
  const seen = new Map<string, Seen>();
  const keyOf = ({ name, position }: Rule) => `${position.file}\0${name}`;

  return {
    add({ rules }) {
      for (const rule of rules) {
        const key = keyOf(rule);
        if (!seen.has(key)) seen.set(key, { rule, matched: false, ran: new Set() });
      }
    },
    saw(chains, { rules }) {
      const names = new Set(chains.map(({ rule }) => rule));
      const found = new Map(rules.filter(({ name }) => names.has(name)).map((rule) => [rule.name, rule]));
      for (const { rule, steps } of chains) {
        const entry = seen.get(keyOf(found.get(rule)!));
        if (!entry) continue;
        entry.matched = true;
        // A step behind one that ends the chain is planned, but only runs when that one fails, if then.
        const last = steps.findIndex((step) => !step.continue && !step.ignoreErrors);
        for (let n = 0; n < (last === -1 ? steps.length : last + 1); n++) entry.ran.add(n);
      }
    },
    result() {
      const all = [...seen.values()];
      const actions = all.flatMap(({ rule, matched, ran }) =>
        rule.actions.map((action, n) => ({ rule, action, matched, ran: ran.has(n) })),
      );
      return {
        rules: share(all.filter(({ matched }) => matched).length, all.length),
        actions: share(actions.filter(({ ran }) => ran).length, actions.length),
        unmatched: all
          .filter(({ matched }) => !matched)
          .map(({ rule }) => ({ rule: rule.name, position: rule.position })),
        idle: actions
          .filter(({ matched, ran }) => matched && !ran)
          .map(({ rule, action }) => ({ rule: rule.name, action: action.name, position: rule.position })),
      };
    },
  };
}

function share(covered: number, all: number): Share {
  return { covered, all, percent: all === 0 ? 100 : Math.floor((100 * covered) / all) };
}
