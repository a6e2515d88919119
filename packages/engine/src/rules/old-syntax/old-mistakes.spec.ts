import { defineActionner, definePlugin, strictObject } from '@falco-talon/core';
import { describe, expect, it } from 'vitest';
import { buildRegistry } from '../../registry/registry.ts';
import { loadRules } from '../load-rules.ts';
import { load, shortProblems } from '../testing-registry.ts';

function errors(...texts: readonly string[]) {
  return shortProblems(load(...texts).problems).filter((text) => text.includes(' error '));
}
const rule = (rest: string) => `- name: r\n  match: {rules: [A]}\n${rest.replaceAll(/^/gm, '  ')}\n`;

describe('mistakes in old rules are told where they stand', () => {
  it.each([
    [
      '- name: r\n  macth: {}\n  action: {name: kubernetes:log}',
      '1.yaml:2:3 error unknown key "macth"; did you mean match? (allowed here: name, description, match, action, continue, before, dry_run, notifiers, weight) (r.macth)',
    ],
    [
      rule('action: {name: kubernetes:log, paramters: {}}'),
      '1.yaml:3:34 error unknown key "paramters"; did you mean parameters? (allowed here: name, parameters, arguments, options) (r.action.paramters)',
    ],
    [
      rule('action: {name: terminate, parameters: {gracePeriodSecond: 5}}'),
      '1.yaml:3:42 error unknown key "gracePeriodSecond"; did you mean grace_period_seconds? (allowed here: grace_period_seconds, ignore_daemonsets) (r.action.parameters.gracePeriodSecond)',
    ],
    [
      rule('action: {name: terminate, options: {gracePeriodSeconds: soon}}'),
      '1.yaml:3:59 error must be a whole number, not "soon" (r.action.options.gracePeriodSeconds)',
    ],
    [
      rule('action: {name: terminate, parameters: {ignoreDaemonsets: true, ignore_daemonsets: true}}'),
      '1.yaml:3:66 error ignore_daemonsets and ignoreDaemonsets are the same parameter; write one of them (r.action.parameters.ignore_daemonsets)',
    ],
    [
      rule('action: {name: terminate, parameters: {ignoreDaemonsets: true}, options: {gracePeriodSeconds: 1}}'),
      '1.yaml:3:67 error options and parameters are the same key; write all of them below parameters (r.action.options)',
    ],
    [
      rule('action: {name: labelize, parameters: {labels: {a: b}, lvel: node}}'),
      '1.yaml:3:57 error unknown key "lvel"; did you mean level? (allowed here: labels, level) (r.action.parameters.lvel)',
    ],
    [rule('action: {name: labelize}'), '1.yaml:3:18 error labels is missing: labels to set (r.action.name)'],
    [
      rule('action: {name: kubernetes:terminat}'),
      '1.yaml:3:18 error unknown actionner "kubernetes:terminat"; did you mean kubernetes:terminate? (known: kubernetes:download, kubernetes:exec, kubernetes:label, kubernetes:log, kubernetes:networkpolicy, kubernetes:terminate) (r.action.name)',
    ],
    [
      rule('action: kubernetes:log'),
      '1.yaml:3:11 error must be a map of keys and values, not "kubernetes:log" (r.action)',
    ],
    [rule('action: {}'), '1.yaml:3:11 error an action has a name: action: {name: kubernetes:terminate} (r.action)'],
    [rule('dry_run: true'), '1.yaml:1:3 error an old rule has an action: action: {name: kubernetes:terminate} (r)'],
    [
      rule('action: {name: kubernetes:log}\nbefore: maybe'),
      '1.yaml:4:11 error must be true or false, not "maybe" (r.before)',
    ],
    [
      rule('action: {name: kubernetes:log}\ncontinue: maybe'),
      '1.yaml:4:13 error must be true or false, not "maybe" (r.continue)',
    ],
    [
      rule('action: {name: kubernetes:log}\nnotifiers: [slak]'),
      '1.yaml:4:15 error unknown notifier "slak"; did you mean slack? (known: slack, webhook) (r.notifiers[0])',
    ],
    [
      '- name: a\n  action: {name: kubernetes:log}\n- match: {}\n  action: {name: kubernetes:log}\n',
      '1.yaml:3:3 error an old rule begins with its name: - name: NAME ([1])',
    ],
    [
      '- name: r\n  match: {output_fields: {a: [b]}}\n  action: {name: kubernetes:log}',
      '1.yaml:2:27 error must be a text, not a list (r.match.output_fields.a)',
    ],
    [
      '- name: r\n  match: {output_fields: {a: }}\n  action: {name: kubernetes:log}',
      '1.yaml:2:30 error a value is missing; write condition: not FIELD exists for a field that must be absent (r.match.output_fields.a)',
    ],
    [
      '- name: r\n  match: {prioritty: Error}\n  action: {name: kubernetes:log}',
      '1.yaml:2:11 error unknown key "prioritty"; did you mean priority? (allowed here: rules, priority, source, tags, output_fields, condition) (r.match.prioritty)',
    ],
    [
      '- name: r\n  match: {}\n  actions: [{action: a}]\n',
      '1.yaml:1:3 error a block with these keys begins with - rule: NAME, not with - name: NAME ([0])',
    ],
    [
      '- name: r\n  actionner: kubernetes:log\n',
      '1.yaml:1:3 error a block with these keys begins with - action: NAME, not with - name: NAME ([0])',
    ],
  ])('%j', (text, expected) => {
    expect(errors(text)).toEqual([expected]);
  });

  it('all of them at once, and none that only follows from another', () => {
    const rule =
      '- name: a\n  matches: {}\n  match: {rules: [A]}\n  action: {name: labelize, paramters: 1, arguments: [x]}\n  continue: 5\n';
    expect(shortProblems(load(rule).problems).map((text) => text.slice(7, 22))).toEqual([
      '1:3 warning the',
      '2:3 error unkno',
      '4:28 error unkn',
      '4:42 error must',
      '5:13 error must',
    ]);
    expect(
      errors('- name: a\n  before: x\n  action: {name: y}\n- name: b\n  match: {tags: [","]}\n', '- rule: c\n  x: y\n'),
    ).toHaveLength(5);
  });

  it('a category that is missing and not to be guessed, too', () => {
    const part = (category: string) =>
      definePlugin({
        name: category,
        category,
        actionners: [
          defineActionner({
            name: 'networkpolicy',
            description: 'For specs.',
            stability: 'alpha',
            sources: 'any',
            continue: true,
            output: 'none',
            idempotent: true,
            permissions: [],
            parameters: strictObject({}),
            examples: [{ description: 'd', parameters: {} }],
            target: () => undefined,
            run: async () => ({ status: 'success', message: '' }) as const,
          }),
        ],
      });
    const text = rule('action: {name: networkpolicy}');
    const loaded = (...categories: string[]) =>
      loadRules([{ path: '1.yaml', text }], buildRegistry(categories.map(part)));
    expect(loaded('calico').ruleSet?.rules[0]?.actions[0]?.actionner).toBe('calico:networkpolicy');
    expect(shortProblems(loaded('cilium', 'calico').problems)).toContain(
      '1.yaml:3:18 error "networkpolicy" may be calico:networkpolicy or cilium:networkpolicy; write one of them (r.action.name)',
    );
  });
});

describe('names of old rules', () => {
  it('are unique', () => {
    const again = '- name: a\n  match: {rules: [A]}\n  action: {name: kubernetes:log}\n';
    const message = (file: string) =>
      `there is another rule of this name in line 1 of ${file}; names are unique in the syntax of the first releases`;
    expect(errors(again + again)).toEqual([`1.yaml:4:9 error ${message('1.yaml')} (a.name)`]);
    expect(errors(again, again)).toEqual([`2.yaml:1:9 error ${message('1.yaml')} (a.name)`]);
  });

  it('are not those of rules in today’s syntax', () => {
    const old = '- name: a\n  match: {rules: [A]}\n  action: {name: kubernetes:log}\n';
    const todays = '- rule: a\n  match: {rules: [A]}\n  dry_run: true\n';
    const message =
      "there is another rule of this name in line 1 of 2.yaml, in today's syntax; only rules in today's syntax are merged: falco-talon rules migrate brings the old ones to it";
    expect(errors(old, todays)).toEqual([`1.yaml:1:9 error ${message} (a.name)`]);
  });
});

describe('a file with both syntaxes', () => {
  const old = '- name: a\n  match: {rules: [A]}\n  action: {name: kubernetes:log}\n';
  const todays = '- rule: b\n  match: {rules: [A]}\n  dry_run: true\n- action: c\n  actionner: kubernetes:log\n';
  const advice =
    "a file is in one of the two: move this block to a file of its own, or bring the old rules to today's syntax with falco-talon rules migrate";
  const [first, second] = ['the syntax of the first releases (- name:)', "today's syntax (- rule:)"];

  it('is an error at the first block of the other one', () => {
    expect(errors(old + todays + old.replace(': a', ': d'))).toEqual([
      `1.yaml:4:3 error this block is in ${second}, those above it are in ${first}; ${advice} (b)`,
    ]);
    expect(errors(todays + old + old.replace(': a', ': d'))).toEqual([
      `1.yaml:6:3 error this block is in ${first}, those above it are in ${second}; ${advice} (a)`,
    ]);
  });

  it('is one whatever is declared: shared actions, macros, lists', () => {
    for (const block of [
      '- action: c\n  actionner: kubernetes:log\n',
      '- macro: m\n  condition: a.b exists\n',
      '- list: l\n  items: [x]\n',
    ]) {
      expect(errors(old + block)).toHaveLength(1);
      expect(errors(block + old)).toHaveLength(1);
    }
  });
});
