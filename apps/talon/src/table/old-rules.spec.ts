import { SHELL, testCases, type Case } from './testing-case.ts';

const AUDIT = { rule: 'Attach/Exec Pod', source: 'k8s_audit', priority: 'Notice' };
const MATCH = 'match: {rules: [Terminal shell in container]}';
const old = (name: string, actionner: string, ...lines: readonly string[]) =>
  [`- name: ${name}`, MATCH, `action: {name: "${actionner}"}`, ...lines].join('\n  ') + '\n';
/** An old rule that labels, with these lines. */
const label = (name: string, ...lines: readonly string[]) =>
  [`- name: ${name}`, MATCH, 'action: {name: kubernetes:labelize, parameters: {labels: {a: b}}}', ...lines].join(
    '\n  ',
  ) + '\n';
const ADVICE = ['warning: ', 'falco-talon rules migrate'] as const;
const passes = (says: string, rules: string, matches: readonly string[], more: Partial<Case> = {}): Case => ({
  says,
  rules,
  matches,
  problems: [['rules.yaml:1:3', ...ADVICE]],
  ...more,
});
/** Those a rule with continue: false keeps from ever running are doubted. */
const untried = (...places: readonly string[]): Partial<Case> => ({
  problems: [['rules.yaml:1:3', ...ADVICE], ...places.map((place) => [place, 'warning: ', 'never tried'] as const)],
});
const step = (says: string, rules: string, plan: Case['plan'], more: Partial<Case> = {}): Case => ({
  says,
  rules,
  ...(plan && { plan }),
  problems: [['rules.yaml:1:3', ...ADVICE]],
  ...more,
});

testCases('rules of the first releases: the three passes', [
  passes('all with before run first, in order', label('a') + label('b', 'before: true') + label('c', 'before: true'), [
    'b',
    'c',
    'a',
  ]),
  passes(
    'networkpolicy, exec and script run before, unless told otherwise',
    label('a') + old('b', 'kubernetes:networkpolicy') + old('c', 'kubernetes:networkpolicy', 'before: false'),
    ['b', 'a', 'c'],
  ),
  passes(
    'of the others only the first with continue: false runs',
    label('a') + label('b', 'continue: false') + label('c', 'continue: false'),
    ['b'],
    untried('rules.yaml:1:9', 'rules.yaml:8:9'),
  ),
  passes(
    'terminate has continue: false',
    label('a') + old('b', 'kubernetes:terminate') + label('c'),
    ['b'],
    untried('rules.yaml:1:9', 'rules.yaml:7:9'),
  ),
  passes('unless told otherwise', label('a') + old('b', 'kubernetes:terminate', 'continue: true') + label('c'), [
    'a',
    'b',
    'c',
  ]),
  passes(
    'before runs although another rule stops the rest',
    label('a') + old('b', 'kubernetes:terminate') + old('c', 'kubernetes:networkpolicy'),
    ['c', 'b'],
    untried('rules.yaml:1:9'),
  ),
  passes('without one that stops all the rest run', label('a') + old('b', 'kubernetes:networkpolicy') + label('c'), [
    'b',
    'a',
    'c',
  ]),
  passes(
    'continue: false of a rule that runs before counts for nothing, which is doubted',
    label('a', 'before: true', 'continue: false') + label('b'),
    ['a', 'b'],
    {
      problems: [
        ['rules.yaml:1:3', ...ADVICE],
        ['rules.yaml:5:3', 'warning: ', 'before'],
      ],
    },
  ),
  passes(
    'one that does not match stops nothing',
    `- name: a\n  match: {rules: [X]}\n  action: {name: "kubernetes:terminate"}\n${label('b')}`,
    ['b'],
  ),
  {
    says: 'the rules of several files are one set, in the place of the first',
    rules: {
      '1.yaml':
        '- rule: new\n  match: {source: syscall}\n  dry_run: true\n  actions: [{action: Log, actionner: kubernetes:log}]\n',
      '2.yaml': label('a'),
      '3.yaml':
        '- rule: newer\n  match: {source: syscall, tags: [shell]}\n  actions: [{action: Log, actionner: kubernetes:log}]\n',
      '4.yaml': label('b', 'before: true'),
    },
    matches: ['new', 'b', 'a', 'newer'],
    problems: [
      ['2.yaml:1:3', ...ADVICE],
      ['4.yaml:1:3', ...ADVICE],
    ],
  },
]);

testCases('rules of the first releases: what they say', [
  step('labelize is label', label('a'), [{ actionner: 'kubernetes:label', parameters: { labels: { a: 'b' } } }]),
  step(
    'arguments are parameters',
    `- name: a\n  ${MATCH}\n  action: {name: kubernetes:labelize, arguments: {suspicious: true}}\n`,
    [{ parameters: { labels: { suspicious: 'true' } } }],
  ),
  step(
    'options are parameters',
    `- name: a\n  ${MATCH}\n  action: {name: kubernetes:terminate, options: {gracePeriodSeconds: 5}}\n`,
    [{ parameters: { grace_period_seconds: 5 } }],
  ),
  step(
    'parameters in camel case',
    `- name: a\n  ${MATCH}\n  action: {name: kubernetes:terminate, parameters: {ignoreDaemonsets: true, ignoreStatefulsets: "true", minHealthyReplicas: 33%}}\n`,
    [{ parameters: { ignore_daemonsets: true, ignore_statefulsets: true, min_healthy_replicas: '33%' } }],
  ),
  step('dry_run', label('a', 'dry_run: true'), [{ dryRun: true }]),
  step('notifiers, in any case', label('a', 'notifiers: [Webhook]'), [{ notifiers: ['webhook'] }]),
  step(
    'a match of the source',
    `- name: a\n  match: {source: k8s_audit}\n  action: {name: kubernetes:labelize, parameters: {labels: {a: b}}}\n`,
    [{ rule: 'a' }],
    { alert: AUDIT },
  ),
  step(
    'priority, tags and output fields as today',
    `- name: a\n  match: {priority: ">=Notice", tags: ["shell, T1059"], output_fields: ["proc.name=bash, k8s.ns.name!=kube-system"]}\n  action: {name: kubernetes:labelize, parameters: {labels: {a: b}}}\n`,
    [{ rule: 'a' }],
    { alert: SHELL },
  ),
  step(
    'output fields as a map: all of them',
    `- name: a\n  match: {output_fields: {proc.name: bash, k8s.ns.name: kube-system}}\n  action: {name: kubernetes:labelize, parameters: {labels: {a: b}}}\n`,
    [],
  ),
  {
    says: 'an unknown key is refused',
    rules: label('a', 'dryrun: true'),
    problems: [
      ['rules.yaml:1:3', ...ADVICE],
      ['rules.yaml:4:3', 'error: ', 'did you mean dry_run?'],
    ],
  },
  {
    says: 'an unknown actionner is refused',
    rules: old('a', 'kubernetes:labelise'),
    problems: [
      ['rules.yaml:1:3', ...ADVICE],
      ['rules.yaml:3:18', 'error: ', 'did you mean kubernetes:label?'],
    ],
  },
  {
    says: 'a name twice is refused',
    rules: label('a') + label('a'),
    problems: [
      ['rules.yaml:1:3', ...ADVICE],
      ['rules.yaml:4:9', 'error: ', 'line 1 of rules.yaml'],
    ],
  },
  {
    says: 'a file is in one syntax or the other',
    rules: label('a') + '- rule: b\n  match: all\n  actions: [{action: Log, actionner: kubernetes:log}]\n',
    problems: [
      ['rules.yaml:1:3', ...ADVICE],
      ['rules.yaml:4:3', 'error: ', 'first releases', 'falco-talon rules migrate'],
    ],
  },
]);
