import type { FalcoEvent } from '@falco-talon/core';
import { explainRule } from '../explain/explain-rule.ts';
import { criterionLines } from '../explain/rule-text.ts';
import type { ExplainDeps } from '../explain/explain.ts';
import type { RuleVerdict } from '../match/matcher.ts';
import { planEvent } from '../plan/plan-event.ts';
import type { Chain } from '../plan/plan.ts';
import type { Position, Rule, RuleSet } from '../rules/rule.ts';
import { pathText } from '../rules/yaml-node.ts';
import { compareAction, compareSets, scalar, type ActionDifference } from './compare-action.ts';
import { hintAt, listed, type Difference } from './difference.ts';
import type { TestCase } from './read-test-file.ts';
import type { ExpectedRule } from './test-file-schema.ts';

export interface JudgeDeps extends ExplainDeps {
  readonly ruleSet: RuleSet;
}

export interface Judged {
  /** Empty: the test has passed. */
  readonly differences: readonly Difference[];
  /** What the rules make of the alert. */
  readonly chains: readonly Chain[];
}

/** Holds what a test expects against what the server's own matcher and planner make of its alert. Pure. */
export function judgeTest(test: TestCase, event: FalcoEvent, deps: JudgeDeps): Judged {
  const matched = deps.matcher.match(event);
  const { chains } = planEvent(event, matched, deps.options);
  const { expect, allow_others = false } = test.content;
  const expected = (expect === 'none' ? [] : expect).map((item) => (typeof item === 'string' ? { rule: item } : item));
  let verdicts: Map<string, RuleVerdict> | undefined;
  const verdict = (rule: string) => {
    verdicts ??= new Map(deps.matcher.explain(event).map((found) => [found.rule, found]));
    return verdicts.get(rule);
  };
  const because = (rule: string, holding: boolean) => {
    const found = verdict(rule);
    if (!found) return [];
    return explainRule(found, event)
      .criteria.filter(({ holds }) => holds === holding)
      .flatMap(criterionLines);
  };

  const differences = expected.flatMap((rule, index): Difference[] => {
    const found = matched.findIndex(({ name }) => name === rule.rule);
    const position = (path: ActionDifference['path']) => test.at('expect', index, ...path);
    if (found === -1) {
      const got = absence(rule.rule, verdict(rule.rule), matched, deps.ruleSet);
      const why = because(rule.rule, false);
      return [{ position: position(['rule']), what: rule.rule, expected: 'it matches', got, because: why }];
    }
    return compareRule(rule, matched[found]!, chains[found]!, event, deps).map(({ path, because: why, ...rest }) => ({
      ...rest,
      position: position(path),
      what: `${rule.rule}${path[0] === undefined ? '' : `.${pathText(path)}`}`,
      because: why ?? [],
    }));
  });
  const names = new Set(expected.map(({ rule }) => rule));
  const others = allow_others ? [] : matched.filter(({ name }) => !names.has(name));
  differences.push(...others.map((rule) => surplus(rule, test, because(rule.name, true))));
  return { differences: [...differences, ...compareOrder(expected, matched, test)], chains };
}

function absence(name: string, verdict: RuleVerdict | undefined, matched: readonly Rule[], { rules }: RuleSet): string {
  if (!verdict) {
    return `there is no rule of this name${hintAt(
      name,
      rules.map((rule) => rule.name),
    )}`;
  }
  if (verdict.evaluated) return 'it does not match';
  return `it is not tried: ${JSON.stringify(matched.at(-1)?.name)} matches before it and has continue: false`;
}

function surplus({ name, position }: Rule, test: TestCase, why: readonly string[]): Difference {
  const got = `it matches (${placeText(position)})`;
  const because = why.length === 0 ? ['it has no criterion, so it matches every alert'] : why;
  return { position: test.at('expect'), what: name, expected: 'it does not match', got, because };
}

function placeText({ file, line, column }: Position): string {
  return `${file}:${line}:${column}`;
}

/** Rules are tried in the order of their files, so another order is another set of rules. */
function compareOrder(expected: readonly ExpectedRule[], matched: readonly Rule[], test: TestCase): Difference[] {
  const found = matched.map(({ name }) => name);
  const wanted = expected.map(({ rule }) => rule).filter((name) => found.includes(name));
  const got = found.filter((name) => wanted.includes(name));
  if (wanted.every((name, index) => name === got[index])) return [];
  const position = test.at('expect');
  return [{ position, what: 'the order of the rules', expected: listed(wanted), got: listed(got), because: [] }];
}

function compareRule(
  expected: ExpectedRule,
  rule: Rule,
  { steps }: Chain,
  event: FalcoEvent,
  { options, registry }: JudgeDeps,
): ActionDifference[] {
  const notifiers = steps[0]?.notifiers ?? rule.notifiers;
  const differences = [
    ...scalar('continue', expected.continue, rule.continue),
    ...scalar('dry_run', expected.dry_run, rule.dryRun || options.observe),
    ...compareSets('notifiers', expected.notifiers, notifiers, (name) => name.toLowerCase()),
  ];
  if (expected.actions === undefined) return differences;
  const actions = expected.actions.map((item) => (typeof item === 'string' ? { action: item } : item));
  const wanted = actions.map(({ action }) => action);
  const got = steps.map(({ action }) => action);
  if (wanted.length !== got.length || wanted.some((name, index) => name !== got[index])) {
    const unknown = wanted.filter((name) => !got.includes(name));
    const because = unknown.map((name) => `the rule has no action ${JSON.stringify(name)}${hintAt(name, got)}`);
    differences.push({ path: ['actions'], expected: listed(wanted), got: listed(got), because });
  }
  // An action that is listed twice runs twice: the first of the one is compared with the first of the other.
  const left = [...steps];
  for (const [index, action] of actions.entries()) {
    const at = left.findIndex((step) => step.action === action.action);
    if (at === -1) continue;
    const [step] = left.splice(at, 1);
    const found = compareAction(action, step!, event, registry);
    differences.push(...found.map((one) => ({ ...one, path: ['actions', index, ...one.path] })));
  }
  return differences;
}
