import { describe, expect, it } from 'vitest';
import { loadRules } from '../load-rules.ts';
import { load, rulesOf, shortProblems, testingRegistry } from '../testing-registry.ts';

const OLD =
  "the rules of this file are in the syntax of the first releases; falco-talon rules migrate prints them in today's";

const rule = (rest: string, name = 'r') => `- name: ${name}\n  match: {rules: [A]}\n${rest.replaceAll(/^/gm, '  ')}\n`;

function parametersOf(action: string) {
  return rulesOf(rule(`action: ${action}`)).rules[0]!.actions[0]!.parameters;
}

/** Without the one warning that every file of the time gets. */
function problems(...texts: readonly string[]) {
  return shortProblems(load(...texts).problems).filter((text) => !text.includes(OLD));
}

describe('rules of the first releases', () => {
  it('are read as rules with one action', () => {
    const { ruleSet, problems: found } = load(`- name: Kill
  match:
    rules: [Terminal shell in container, Attach/Exec Pod]
    priority: ">=Notice"
    source: syscalls
    tags: ["shell, t1059", network]
    output_fields: ["k8s.ns.name!=kube-system, proc.name=bash", user.uid=0]
  action:
    name: kubernetes:terminate
    parameters:
      gracePeriodSeconds: 5
  dry_run: true
  notifiers: [Slack]
`);
    expect(shortProblems(found)).toEqual([`1.yaml:1:3 warning ${OLD} (Kill)`]);
    expect(ruleSet?.rules).toEqual([
      {
        name: 'Kill',
        description: '',
        position: { file: '1.yaml', line: 1, column: 9 },
        match: {
          rules: ['Terminal shell in container', 'Attach/Exec Pod'],
          priority: { comparator: '>=', priority: 'Notice' },
          source: 'syscall',
          tags: [['shell', 't1059'], ['network']],
          outputFields: [
            [
              { field: 'k8s.ns.name', operator: '!=', value: 'kube-system' },
              { field: 'proc.name', operator: '=', value: 'bash' },
            ],
            [{ field: 'user.uid', operator: '=', value: '0' }],
          ],
        },
        actions: [
          {
            name: 'terminate',
            description: '',
            actionner: 'kubernetes:terminate',
            parameters: { grace_period_seconds: 5, ignore_daemonsets: false },
            contexts: [],
            continue: false,
            ignoreErrors: false,
          },
        ],
        continue: false,
        dryRun: true,
        notifiers: ['slack'],
      },
    ]);
  });

  it('may have what today’s rules have: a description, a condition, match: all', () => {
    const { rules } = rulesOf(
      '- name: a\n  description: why\n  match: {condition: proc.name exists}\n  action: {name: kubernetes:log}\n- name: b\n  match: all\n  action: {name: kubernetes:log}\n',
    );
    expect(rules.map(({ description, match }) => [description, match.condition !== undefined])).toEqual([
      ['why', true],
      ['', false],
    ]);
  });

  it('say true and false in quotes, too', () => {
    const text = rule('action: {name: kubernetes:terminate}\ncontinue: "true"\ndry_run: "true"\nbefore: "false"');
    expect(rulesOf(text).rules[0]).toMatchObject({ continue: true, dryRun: true });
  });

  it('may have the same match as others, as one rule cannot have the actions of both', () => {
    const terminate = rule('action: {name: kubernetes:terminate}\ncontinue: true', 's');
    expect(problems(rule('action: {name: kubernetes:log}') + terminate)).toEqual([]);
  });

  it('are the only ones that get the advice to migrate, once per file', () => {
    const old = rule('action: {name: kubernetes:log}') + rule('action: {name: kubernetes:log}', 's');
    const found = load(old, '- rule: new\n  match: all\n', rule('action: {name: kubernetes:log}', 't')).problems;
    expect(shortProblems(found.filter(({ message }) => message === OLD))).toEqual([
      `1.yaml:1:3 warning ${OLD} (r)`,
      `3.yaml:1:3 warning ${OLD} (t)`,
    ]);
  });
});

describe('the order of old rules', () => {
  const log = (name: string, rest = '') => rule(`action: {name: kubernetes:log}\n${rest}`, name);
  const order = (...texts: readonly string[]) =>
    rulesOf(...texts).rules.map(({ name, continue: goesOn }) => `${name}${goesOn ? '' : ' (ends)'}`);

  it('is: what ran before the others, what kept them from running, the rest', () => {
    const text = [
      log('rest'),
      rule('action: {name: kubernetes:terminate}', 'kill'),
      log('first', 'before: true'),
      log('alone', 'continue: false'),
      rule('action: {name: kubernetes:terminate}\ncontinue: true', 'kill and go on'),
      rule('action: {name: kubernetes:terminate}\nbefore: true', 'kill first'),
    ];
    expect(order(text.join(''))).toEqual([
      'first',
      'kill first',
      'kill (ends)',
      'alone (ends)',
      'rest',
      'kill and go on',
    ]);
  });

  it.each(['kubernetes:networkpolicy', 'kubernetes:exec', 'kubernetes:script'])('has %s first by itself', (name) => {
    const exec = testingRegistry.actionners.get('kubernetes:exec')!;
    const actionners = new Map([...testingRegistry.actionners, ['kubernetes:script', exec]]);
    const parameters = name === 'kubernetes:networkpolicy' ? '{}' : '{command: id}';
    const ordered = (rest: string) => {
      const text = log('rest') + rule(`action: {name: '${name}', parameters: ${parameters}}\n${rest}`, 'it');
      const { ruleSet } = loadRules([{ path: '1.yaml', text }], { ...testingRegistry, actionners });
      return ruleSet?.rules.map((one) => `${one.name}${one.continue ? '' : ' (ends)'}`);
    };
    expect(ordered('')).toEqual(['it', 'rest']);
    expect(ordered('before: false')).toEqual(['rest', 'it']);
    expect(ordered('before: false\ncontinue: false')).toEqual(['it (ends)', 'rest']);
  });

  it('warns of a continue that is ignored, as it was then', () => {
    expect(problems(log('a', 'before: true\ncontinue: false'))).toEqual([
      '1.yaml:5:3 warning continue: false is ignored because of before: true (a.continue)',
    ]);
    expect(problems(rule('action: {name: kubernetes:networkpolicy}\ncontinue: false'))).toEqual([
      '1.yaml:4:3 warning continue: false is ignored because kubernetes:networkpolicy runs before all others, unless the rule says before: false (r.continue)',
    ]);
    expect(rulesOf(log('a', 'before: true\ncontinue: false')).rules[0]?.continue).toBe(true);
  });

  it('makes rules of several files one set, in the place of the first', () => {
    const todays = (name: string) =>
      `- rule: ${name}\n  match: all\n  actions: [{action: a, actionner: kubernetes:log}]\n`;
    expect(
      order(todays('x'), log('rest'), todays('y'), log('alone', 'continue: false') + log('first', 'before: true')),
    ).toEqual(['x', 'first', 'alone (ends)', 'rest', 'y']);
  });
});

describe('the match of an old rule', () => {
  const match = (text: string, action = '{name: kubernetes:log}') =>
    rulesOf(`- name: r\n  match: ${text}\n  action: ${action}\n`).rules[0]!.match;

  it('may have a map of output_fields, all of which must hold', () => {
    expect(
      match('{output_fields: {k8s.ns.name: prod, "user.uid": 1000660000, a: "x, y=\\"z\\"", b: !!str true}}'),
    ).toMatchObject({
      outputFields: [
        [
          { field: 'k8s.ns.name', operator: '=', value: 'prod' },
          { field: 'user.uid', operator: '=', value: '1000660000' },
          { field: 'a', operator: '=', value: 'x, y="z"' },
          { field: 'b', operator: '=', value: 'true' },
        ],
      ],
    });
    expect(match('{rules: [A], output_fields: {}}').outputFields).toEqual([]);
  });

  it('takes the tags of that time as ones that must all be there, and says so', () => {
    const early = '- name: r\n  match: {tags: [a, b], output_fields: {x: y}}\n  action: {name: kubernetes:log}\n';
    expect(rulesOf(early).rules[0]!.match.tags).toEqual([['a', 'b']]);
    expect(problems(early)).toEqual([
      '1.yaml:2:11 warning all of these tags must be there, as in the releases this rule was written for; later ones read a list as alternatives (today: ["a, b"]) (r.match.tags)',
    ]);
    const labels = '{name: kubernetes:labelize, arguments: {a: b}}';
    expect(match('{tags: [a, b]}', labels).tags).toEqual([['a', 'b']]);
    expect(match('{tags: [a, b], output_fields: [x=y]}', labels).tags).toEqual([['a'], ['b']]);
    expect(match('{tags: [a, b]}').tags).toEqual([['a'], ['b']]);
    expect(match('{tags: [a]}', labels).tags).toEqual([['a']]);
  });

  it('knows source under its old spelling', () => {
    expect(match('{Source: syscalls}').source).toBe('syscall');
    expect(match('{source: k8s_audit}').source).toBe('k8s_audit');
    expect(
      problems(
        '- name: r\n  match: {Source: a, source: b}\n  action: {name: kubernetes:exec, parameters: {command: id}}\n',
      ),
    ).toEqual(['1.yaml:2:11 error source and Source are the same key; write one of them (r.match.Source)']);
  });
});

describe('the action of an old rule', () => {
  it.each([
    ['kubernetes:labelize', 'kubernetes:label'],
    ['labelize', 'kubernetes:label'],
    ['label', 'kubernetes:label'],
    ['Kubernetes:Labelize', 'kubernetes:label'],
  ])('%s is %s', (name, full) => {
    const { rules } = rulesOf(rule(`action: {name: '${name}', parameters: {labels: {a: b}}}`));
    expect(rules[0]!.actions[0]).toMatchObject({ name: 'label', actionner: full });
  });

  it.each(['terminate', 'Terminate', 'kubernetes:terminate'])('%s is kubernetes:terminate', (name) => {
    const { rules } = rulesOf(rule(`action: {name: '${name}'}`));
    expect(rules[0]!.actions[0]).toMatchObject({ name: 'terminate', actionner: 'kubernetes:terminate' });
  });

  it('has its parameters under any name they had, in any case they had', () => {
    const expected = { grace_period_seconds: 0, ignore_daemonsets: true };
    for (const key of ['parameters', 'arguments', 'options']) {
      expect(parametersOf(`{name: terminate, ${key}: {gracePeriodSeconds: 0, ignoreDaemonsets: "true"}}`)).toEqual(
        expected,
      );
      expect(parametersOf(`{name: terminate, ${key}: {grace_period_seconds: 0, ignoreDaemonSets: true}}`)).toEqual(
        expected,
      );
    }
    expect(parametersOf('{name: kubernetes:networkpolicy, parameters: {allow: [10.0.0.0/8]}}')).toEqual({
      allow_cidr: ['10.0.0.0/8'],
    });
    expect(parametersOf('{name: terminate, arguments: , parameters: {ignoreDaemonsets: true}}')).toMatchObject({
      ignore_daemonsets: true,
    });
  });

  it('has a warning where the same words do something else today', () => {
    expect(problems(rule('action: {name: kubernetes:networkpolicy, parameters: {allow: []}}'))).toEqual([
      '1.yaml:3:57 warning without an address, allow allowed all egress then; today it cuts all of it (r.action.parameters.allow)',
    ]);
  });

  it('may have the labels where parameters stand', () => {
    for (const key of ['parameters', 'arguments', 'options']) {
      expect(parametersOf(`{name: labelize, ${key}: {keyA: a, run: "", n: 1.10, level: high}}`)).toEqual({
        labels: { keyA: 'a', run: '', n: '1.10', level: 'high' },
        level: 'pod',
      });
    }
    expect(parametersOf('{name: labelize, parameters: {labels: {a: b}, level: node}}')).toEqual({
      labels: { a: 'b' },
      level: 'node',
    });
  });

  it('is not laid over a shared action that happens to have its name', () => {
    const shared =
      '- action: label\n  actionner: kubernetes:label\n  parameters: {labels: {x: y}}\n- action: label 2\n  actionner: kubernetes:log\n';
    const { rules } = rulesOf(rule('action: {name: label, options: {a: b}}'), shared);
    expect(rules[0]!.actions[0]).toMatchObject({ name: 'label 3', parameters: { labels: { a: 'b' } } });
  });
});
