import fc from 'fast-check';
import { PRIORITIES, Type } from '@falco-talon/core';
import { describe, expect, it } from 'vitest';
import type { Expression } from '../condition/expression.ts';
import { loadRules } from './load-rules.ts';
import { printRules } from './print-rules.ts';
import type { Rule, RuleSet } from './rule.ts';
import { rulesOf, testingRegistry } from './testing-registry.ts';

const withoutPositions = ({ rules }: RuleSet) => rules.map((rule) => ({ ...rule, position: undefined }));

describe('printing the merged rules', () => {
  it('writes one block per rule, defaults and shared actions included', () => {
    const ruleSet = rulesOf(
      '- action: mark\n  actionner: kubernetes:label\n  parameters: {labels: {a: "true"}}\n- rule: r\n  match: {rules: [A], priority: ">=Info"}\n  actions: [{action: mark}]\n',
      '- rule: r\n  match: {rules: [B]}\n  dry_run: true\n- rule: s\n  match: all\n  continue: false',
    );
    expect(printRules(ruleSet)).toBe(`- rule: r
  match:
    rules:
      - A
      - B
    priority: ">=Informational"
  actions:
    - action: mark
      actionner: kubernetes:label
      parameters:
        labels:
          a: "true"
        level: pod
      continue: true
      ignore_errors: false
  continue: true
  dry_run: true
  notifiers: []
- rule: s
  match: all
  actions: []
  continue: false
  dry_run: false
  notifiers: []
`);
  });

  it('writes conditions with their macros and lists put in', () => {
    const ruleSet = rulesOf(
      '- macro: shell\n  condition: proc.name in (shells) or proc.name=ash\n- list: shells\n  items: [bash, my sh]\n',
      '- rule: r\n  continue: false\n  match:\n    condition: >\n      priority>=notice and\n      shell\n',
    );
    expect(printRules(ruleSet)).toContain(
      `match:\n    condition: priority >= Notice and (proc.name in (bash, "my sh") or proc.name = ash)\n  actions`,
    );
  });

  it('keeps the lines of a script', () => {
    const text =
      '- rule: r\n  match: all\n  actions:\n    - action: a\n      actionner: kubernetes:exec\n      parameters:\n        command: |\n          if true; then\n            id\n          fi\n';
    expect(printRules(rulesOf(text))).toContain(
      '        command: |\n          if true; then\n            id\n          fi\n        shell: /bin/sh\n',
    );
  });

  it('keeps the digits of a parameter without a type', () => {
    const exec = testingRegistry.actionners.get('kubernetes:exec')!;
    const open = { ...exec, part: { ...exec.part, parameters: Type.Object({}, { additionalProperties: true }) } };
    const registry = { ...testingRegistry, actionners: new Map([['a:b', open]]) };
    const text =
      '- rule: r\n  match: all\n  actions: [{action: a, actionner: a:b, parameters: {n: 12345678901234567890}}]\n';
    const { ruleSet } = loadRules([{ path: '1.yaml', text }], registry);
    expect(printRules(ruleSet!)).toContain('n: 12345678901234567890\n');
    expect(printRules(ruleSet!, 'json')).toContain('"n": 12345678901234567890\n');
  });

  it('gives a text that loads to the same rules', () => {
    const name = fc
      .oneof(fc.string({ minLength: 1 }), fc.constantFrom('true', '1.10', '~', '>=x', '- a', 'a: b', '#c', '__proto__'))
      .filter((text) => text.trim() === text && text !== '' && !/[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/u.test(text));
    const text = fc.string({ unit: fc.constantFrom(...Array.from('a=!,"\'\\ #:{}[]&*>|%@`\n\t-é')) });
    const tag = fc
      .string({ minLength: 1, unit: fc.constantFrom(...Array.from('ab-_ ')) })
      .filter((word) => word.trim() === word);
    const criterion = fc.record({
      field: text.filter((field) => field !== ''),
      operator: fc.constantFrom('=' as const, '!=' as const),
      value: text,
    });
    const condition = fc.array(text).map((values): Expression => {
      const operand = { kind: 'field', name: `a.b[${values[0] ?? ''}]`, transformers: [] } as const;
      return { kind: 'not', part: { kind: 'comparison', operand, operator: 'in', values } };
    });
    const groups = <T>(item: fc.Arbitrary<T>) =>
      fc.array(fc.array(item, { minLength: 1, maxLength: 3 }), { maxLength: 2 });
    const action = fc.record({
      name,
      description: text,
      actionner: fc.constant('kubernetes:log'),
      parameters: fc.record({ tail_lines: fc.nat() }),
      contexts: fc.uniqueArray(fc.constantFrom('aws', 'k8snode')),
      output: fc.record({
        target: fc.constant('local:file'),
        parameters: fc.record({ destination: text.filter((path) => path !== '') }),
      }),
      continue: fc.boolean(),
      ignoreErrors: fc.boolean(),
    });
    const rule: fc.Arbitrary<Omit<Rule, 'position'>> = fc.record({
      name,
      description: text,
      match: fc.record(
        {
          rules: fc.uniqueArray(name, { maxLength: 2 }),
          priority: fc.record({
            comparator: fc.constantFrom('<', '<=', '>', '>=', '='),
            priority: fc.constantFrom(...PRIORITIES),
          }),
          source: fc.constantFrom('syscall', 'k8s_audit', 'okta'),
          tags: groups(tag),
          outputFields: groups(criterion),
          condition,
        },
        { requiredKeys: ['rules', 'tags', 'outputFields'] },
      ),
      actions: fc.array(action, { maxLength: 2 }),
      continue: fc.boolean(),
      dryRun: fc.boolean(),
      notifiers: fc.uniqueArray(fc.constantFrom('slack', 'webhook')),
    });
    fc.assert(
      fc.property(fc.uniqueArray(rule, { maxLength: 3, selector: ({ name: own }) => own }), (rules) => {
        const position = { file: '', line: 1, column: 1 };
        const printed = printRules({ version: '', rules: rules.map((item) => ({ ...item, position })) });
        expect(withoutPositions(rulesOf(printed))).toEqual(rules.map((item) => ({ ...item, position: undefined })));
      }),
      { numRuns: 100 },
    );
  });
});
