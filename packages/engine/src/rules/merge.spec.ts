import { describe, expect, it } from 'vitest';
import type { RuleBlock } from './block.ts';
import { mergeRules } from './merge.ts';
import { rulesOf, load, shortProblems } from './testing-registry.ts';
import { readYaml } from './yaml-document.ts';

const BASE = `
- rule: r
  description: base
  match:
    rules: [A]
    priority: ">=Notice"
    source: syscall
    tags: [t1]
    output_fields: [a=1]
  actions:
    - action: keep
      actionner: kubernetes:log
      parameters: { tail_lines: 5 }
    - action: kill
      actionner: kubernetes:terminate
      parameters: { grace_period_seconds: 1, ignore_daemonsets: true }
  continue: false
  dry_run: true
  notifiers: [slack]
`;
const merged = (...over: string[]) => rulesOf(BASE, ...over).rules[0]!;

describe('a later block of the same name', () => {
  it('keeps whatever it does not mention, priority and source too', () => {
    expect(merged('- rule: r\n')).toEqual(rulesOf(BASE).rules[0]);
  });

  it('overrides scalars', () => {
    const over =
      '- rule: r\n  description: over\n  continue: true\n  dry_run: false\n  match: {priority: Error, source: k8saudit}';
    expect(merged(over)).toMatchObject({
      description: 'over',
      continue: true,
      dryRun: false,
      match: { priority: { comparator: '=', priority: 'Error' }, source: 'k8s_audit', rules: ['A'] },
    });
  });

  it('appends to match lists and notifiers', () => {
    const over =
      '- rule: r\n  match: {rules: [B, A], tags: ["t2, t3"], output_fields: [b!=2]}\n  notifiers: [webhook, Slack]';
    expect(merged(over)).toMatchObject({
      match: {
        rules: ['A', 'B'],
        tags: [['t1'], ['t2', 't3']],
        outputFields: [[{ field: 'a' }], [{ field: 'b', operator: '!=' }]],
      },
      notifiers: ['slack', 'webhook'],
    });
  });

  it('replaces the action of the same name in its place, and appends the others', () => {
    const over = `
- rule: r
  actions:
    - action: last
      actionner: kubernetes:log
    - action: keep
      actionner: kubernetes:label
      parameters: { labels: { a: b } }
`;
    expect(merged(over).actions.map(({ name, actionner }) => [name, actionner])).toEqual([
      ['keep', 'kubernetes:label'],
      ['kill', 'kubernetes:terminate'],
      ['last', 'kubernetes:log'],
    ]);
  });

  it('replaces such an action whole: none of its former parameters stays', () => {
    const over =
      '- rule: r\n  actions: [{action: kill, actionner: kubernetes:terminate, parameters: {grace_period_seconds: 9}}]';
    expect(merged(over).actions[1]?.parameters).toEqual({ grace_period_seconds: 9, ignore_daemonsets: false });
  });

  it('puts as many actions in the place of one as it lists under the name', () => {
    const log = (lines: number) => `{action: keep, actionner: kubernetes:log, parameters: {tail_lines: ${lines}}}`;
    const actions = merged(`- rule: r\n  actions: [${log(1)}, ${log(2)}]`).actions;
    expect(actions.map(({ name, parameters }) => [name, parameters['tail_lines']])).toEqual([
      ['keep', 1],
      ['keep', 2],
      ['kill', undefined],
    ]);
  });

  it('takes nothing away when it does not give what it says it replaces', () => {
    const base = '- rule: a\n  match: {rules: [x]}\n  actions: [{action: l, actionner: kubernetes:log}]\n';
    const { problems } = load(`${base}- rule: a\n  override: {rules: replace, actions: replace}\n`);
    expect(shortProblems(problems)).toEqual([
      expect.stringContaining('has no rules to replace'),
      expect.stringContaining('has no actions to replace'),
    ]);
  });

  it('replaces the lists it says it replaces, so that they can get shorter', () => {
    const over = `
- rule: r
  override: { rules: replace, output_fields: replace, tags: append, notifiers: replace, actions: replace }
  match: { rules: [B], output_fields: [], tags: [t2] }
  notifiers: []
  actions: [{ action: keep, actionner: kubernetes:log }]
`;
    expect(merged(over)).toMatchObject({
      match: { rules: ['B'], outputFields: [], tags: [['t1'], ['t2']], source: 'syscall' },
      actions: [{ name: 'keep', parameters: { tail_lines: 20 } }],
      notifiers: [],
    });
    expect(merged(over, '- rule: r\n  match: {rules: [C]}').match.rules).toEqual(['B', 'C']);
  });

  it.each([
    [
      '- rule: r\n  override: {rules: replace}',
      '2.yaml:2:14 error this block has no rules to replace; write rules: [] for none (r.override.rules)',
    ],
    [
      '- rule: r\n  override: {actions: replace}\n  actions:',
      '2.yaml:2:14 error this block has no actions to replace; write actions: [] for none (r.override.actions)',
    ],
    [
      '- rule: r\n  override: {rules: drop}\n  match: {rules: []}',
      '2.yaml:2:21 error must be one of append, replace, not "drop" (r.override.rules)',
    ],
    [
      '- rule: r\n  override: {rulez: replace}',
      '2.yaml:2:14 error unknown key "rulez"; did you mean rules? (allowed here: rules, tags, output_fields, actions, notifiers) (r.override.rulez)',
    ],
    [
      '- rule: reference2\n  override: {rules: replace}\n  match: {rules: [x]}',
      '2.yaml:1:9 error there is no rule of this name before, whose rules this could replace (reference2.rule)',
    ],
  ])('is told what it cannot replace: %j', (over, problem) => {
    const errors = load(BASE, over).problems.filter(({ severity }) => severity === 'error');
    expect(shortProblems(errors)).toEqual([problem]);
  });

  it('may come fifty thousand times', () => {
    const place = { source: readYaml('rules.yaml', '').source, offset: 0, length: 0, trail: undefined };
    const absent = { description: undefined, continue: undefined, notifiers: [], broken: new Set<string>() };
    const match = { place, all: false, tags: [], outputFields: [], priority: undefined, source: undefined };
    const undefineds = { actionner: undefined, parameters: undefined, contexts: undefined, output: undefined };
    const block = (_: unknown, index: number): RuleBlock => ({
      ...absent,
      name: { text: 'r', place },
      dryRun: undefined,
      match: { ...match, rules: [`A${index}`], condition: undefined },
      actions: [{ ...absent, ...undefineds, name: { text: `a${index}`, place }, ignoreErrors: undefined }],
    });
    const rule = mergeRules([block(0, 0), ...Array.from({ length: 50_000 }, block)]);
    expect([rule.match?.rules.length, rule.actions.length]).toEqual([50_000, 50_000]);
  });

  it('works within one file too, and keeps the place of the first block', () => {
    const { rules } = rulesOf(
      `${BASE}- rule: other\n  match: {rules: [x]}\n  continue: false\n- rule: r\n  description: late\n`,
    );
    expect(rules.map(({ name, description, position }) => [name, description, position.line])).toEqual([
      ['r', 'late', 2],
      ['other', '', 20],
    ]);
  });

  it('takes all criteria back with match: all, and match: all back with criteria', () => {
    expect(merged('- rule: r\n  match: all').match).toEqual({ rules: [], tags: [], outputFields: [] });
    const criteria = load('- rule: r\n  match: all\n  continue: false', '- rule: r\n  match: {rules: [A]}');
    expect(criteria.problems).toEqual([]);
    expect(criteria.ruleSet?.rules[0]?.match.rules).toEqual(['A']);
  });
});

const SHARED = `
- action: shared
  description: of the shared one
  actionner: kubernetes:label
  parameters: { labels: { a: shared, b: shared }, level: node }
  contexts: [aws]
  ignore_errors: true
  continue: false
`;
const use = (action: string) => `- rule: r\n  match: all\n  actions:\n    - ${action}\n`;
const used = (...texts: string[]) => rulesOf(...texts).rules[0]!.actions[0]!;

describe("a rule's action over the shared one", () => {
  it('takes everything from it when it only names it', () => {
    expect(used(SHARED, use('action: shared'))).toEqual({
      name: 'shared',
      description: 'of the shared one',
      actionner: 'kubernetes:label',
      parameters: { labels: { a: 'shared', b: 'shared' }, level: 'node' },
      contexts: ['aws'],
      continue: false,
      ignoreErrors: true,
    });
  });

  it('overrides it key by key, map entries included', () => {
    const own =
      '{action: shared, description: mine, parameters: {labels: {b: mine, c: mine}}, contexts: [k8snode], continue: true}';
    expect(used(SHARED, use(own))).toMatchObject({
      description: 'mine',
      actionner: 'kubernetes:label',
      parameters: { labels: { a: 'shared', b: 'mine', c: 'mine' }, level: 'node' },
      contexts: ['k8snode'],
      continue: true,
      ignoreErrors: true,
    });
  });

  it('may stand before the shared one, and in an earlier file', () => {
    expect(used(use('action: shared') + SHARED).contexts).toEqual(['aws']);
    expect(used(use('action: shared'), SHARED).contexts).toEqual(['aws']);
  });

  it('does not change it for other rules', () => {
    const { rules } = rulesOf(
      SHARED,
      use('{action: shared, parameters: {labels: {a: mine}}}'),
      use('action: shared').replace('rule: r', 'rule: s'),
    );
    expect(rules[1]?.actions[0]?.parameters).toMatchObject({ labels: { a: 'shared' } });
  });

  it('replaces lists among the parameters', () => {
    const shared = '- action: net\n  actionner: kubernetes:networkpolicy\n  parameters: {allow_cidr: [10.0.0.0/8]}\n';
    expect(used(shared, use('{action: net, parameters: {allow_cidr: [::/0]}}')).parameters).toEqual({
      allow_cidr: ['::/0'],
    });
  });

  it('gets a default back by writing no value', () => {
    expect(used(SHARED, use('{action: shared, parameters: {level: }}')).parameters).toMatchObject({ level: 'pod' });
  });

  it("is not given the parameters of another actionner's", () => {
    const own = '{action: shared, actionner: kubernetes:log, parameters: {tail_lines: 3}}';
    expect(used(SHARED, use(own))).toMatchObject({
      actionner: 'kubernetes:log',
      parameters: { tail_lines: 3 },
      contexts: ['aws'],
    });
  });

  it('may add what the shared one lacks', () => {
    const partly = '- action: partly\n  parameters: {labels: {a: b}}\n';
    expect(used(partly, use('{action: partly, actionner: kubernetes:label}')).parameters).toMatchObject({
      labels: { a: 'b' },
    });
    const down =
      '- action: down\n  actionner: kubernetes:download\n  output: {target: aws:s3, parameters: {prefix: p}}\n';
    expect(used(down, use('{action: down, parameters: {file: /x}, output: {parameters: {bucket: b}}}')).output).toEqual(
      {
        target: 'aws:s3',
        parameters: { bucket: 'b', prefix: 'p' },
      },
    );
  });

  it('may send the output elsewhere', () => {
    const shared = '- action: keep\n  actionner: kubernetes:log\n  output: {target: aws:s3, parameters: {bucket: b}}\n';
    const own = '{action: keep, output: {target: local:file, parameters: {destination: /tmp}}}';
    expect(used(shared, use(own)).output).toEqual({ target: 'local:file', parameters: { destination: '/tmp' } });
  });
});

describe('shared actions of one name', () => {
  it('are merged the same way', () => {
    const over = '- action: shared\n  parameters: {labels: {b: over}}\n  continue: true\n';
    expect(used(SHARED, over, use('action: shared'))).toMatchObject({
      parameters: { labels: { a: 'shared', b: 'over' }, level: 'node' },
      continue: true,
      ignoreErrors: true,
    });
  });

  it('report a mistake once, where it stands, however many rules use them', () => {
    const { problems } = load(
      '- action: shared\n  actionner: kubernetes:log\n  parameters: {tail_lines: ten}\n',
      use('action: shared'),
      use('action: shared').replace('rule: r', 'rule: s'),
    );
    expect(shortProblems(problems)).toEqual([
      '1.yaml:3:28 error must be a whole number, not "ten" (shared.parameters.tail_lines)',
    ]);
  });

  it('are checked even when no rule uses them, except for what a rule may add', () => {
    const { problems } = load('- action: a\n  actionner: kubernetes:download\n  parameters: {fil: x}\n- action: b\n');
    expect(shortProblems(problems.filter(({ severity }) => severity === 'error'))).toEqual([
      '1.yaml:3:16 error unknown key "fil"; did you mean file? (allowed here: file) (a.parameters.fil)',
    ]);
  });
});
