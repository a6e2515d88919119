import { describe, expect, it } from 'vitest';
import { createCoverage } from './coverage.ts';
import { judgeTest } from './judge-test.ts';
import { testEvent } from './test-event.ts';
import { testFileOf, trialOf } from './testing-rules-test.ts';

const RULES = `
- rule: a
  match: {tags: [a]}
  actions:
    - {action: one, actionner: kubernetes:log}
    - {action: two, actionner: kubernetes:terminate}
    - {action: three, actionner: kubernetes:log}
- rule: b
  match: {tags: [b]}
  actions:
    - {action: one, actionner: kubernetes:terminate, ignore_errors: true}
    - {action: two, actionner: kubernetes:log}
- rule: c
  match: {tags: [c]}
  continue: false
`;

/** Counts tests with these tags. */
function covered(...tags: readonly string[]) {
  const coverage = createCoverage();
  // As often as test files load them.
  for (const tag of ['', ...tags]) {
    const trial = trialOf(RULES);
    coverage.add(trial.ruleSet);
    const file = testFileOf(`tests: [{test: t, event: {rule: x, tags: ["${tag || 'none'}"]}, expect: none}]`);
    const [test] = file.tests;
    coverage.saw(judgeTest(test!, testEvent(undefined, undefined, test!.content.event), trial).chains, trial.ruleSet);
  }
  return coverage.result();
}

describe('coverage', () => {
  it('of nothing names every rule, and no action of theirs', () => {
    expect(covered()).toMatchObject({
      rules: { covered: 0, all: 3, percent: 0 },
      actions: { covered: 0, all: 5, percent: 0 },
      unmatched: [{ rule: 'a', position: { file: 'rules.yaml', line: 2 } }, { rule: 'b' }, { rule: 'c' }],
      idle: [],
    });
  });

  it('names actions that no test reaches: those behind one that ends the rule', () => {
    expect(covered('a', 'c')).toMatchObject({
      rules: { covered: 2, all: 3, percent: 66 },
      actions: { covered: 2, all: 5, percent: 40 },
      unmatched: [{ rule: 'b' }],
      idle: [{ rule: 'a', action: 'three' }],
    });
  });

  it('counts an action that runs when the one before it failed', () => {
    expect(covered('b').idle).toEqual([]);
    expect(covered('b').actions.covered).toBe(2);
  });

  it('is complete without rules and never rounded up to it', () => {
    expect(createCoverage().result()).toEqual({
      rules: { covered: 0, all: 0, percent: 100 },
      actions: { covered: 0, all: 0, percent: 100 },
      unmatched: [],
      idle: [],
    });
    const many = createCoverage();
    const rules = Array.from({ length: 300 }, (_, n) => `- rule: r${n}\n  match: {tags: [t${n > 0 ? 1 : 0}]}\n`).join(
      '',
    );
    const trial = trialOf(rules);
    many.add(trial.ruleSet);
    const file = testFileOf('tests: [{test: t, event: {rule: x, tags: [t1]}, expect: none}]');
    const event = testEvent(undefined, undefined, file.tests[0]!.content.event);
    many.saw(judgeTest(file.tests[0]!, event, trial).chains, trial.ruleSet);
    expect(many.result().rules).toEqual({ covered: 299, all: 300, percent: 99 });
  });
});
