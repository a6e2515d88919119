import { SHELL, testCases } from './testing-case.ts';

const ACTION = '{action: Label, actionner: kubernetes:label, parameters: {labels: {a: "1"}}}';
const BASE = `- rule: r
  description: first
  match: {rules: [A], priority: ">=Warning", source: syscall, tags: [x], output_fields: [p.n=1]}
  actions: [${ACTION}]
  notifiers: [webhook]
`;
const alert = (more: object) => ({ rule: 'A', priority: 'Warning', tags: ['x'], output_fields: { 'p.n': 1 }, ...more });
const over = (text: string) => `${BASE}- rule: r\n  ${text}\n`;

testCases('a later block of the same name', [
  {
    says: 'adds to the list of rules',
    rules: over('match: {rules: [B]}'),
    alert: alert({ rule: 'B' }),
    matches: ['r'],
  },
  { says: 'keeps the rules it does not repeat', rules: over('match: {rules: [B]}'), alert: alert({}), matches: ['r'] },
  {
    says: 'adds to the tags',
    rules: over('match: {tags: [y]}'),
    alert: alert({ tags: ['y'] }),
    matches: ['r'],
  },
  {
    says: 'adds to the output fields',
    rules: over('match: {output_fields: [p.n=2]}'),
    alert: alert({ output_fields: { 'p.n': 2 } }),
    matches: ['r'],
  },
  {
    says: 'keeps the priority it does not mention',
    rules: over('match: {tags: [y]}'),
    alert: alert({ priority: 'Notice' }),
    matches: [],
  },
  {
    says: 'keeps the source it does not mention',
    rules: over('match: {tags: [y]}'),
    alert: alert({ source: 'k8s_audit' }),
    matches: [],
  },
  {
    says: 'overrides the priority',
    rules: over('match: {priority: ">=Notice"}'),
    alert: alert({ priority: 'Notice' }),
    matches: ['r'],
  },
  {
    says: 'overrides the source',
    rules: over('match: {source: k8s_audit}'),
    alert: alert({ source: 'k8s_audit' }),
    matches: ['r'],
  },
  {
    says: 'overrides the condition',
    rules: `${BASE}- rule: r\n  match: {condition: p.n = 5}\n- rule: r\n  match: {condition: p.n = 1}\n`,
    alert: alert({}),
    matches: ['r'],
  },
  {
    says: 'may take back every criterion',
    rules: over('match: all'),
    alert: { rule: 'anything' },
    matches: ['r'],
  },
  {
    says: 'without a match keeps the match',
    rules: over('dry_run: true'),
    alert: alert({ rule: 'B' }),
    matches: [],
  },
  { says: 'overrides dry_run', rules: over('dry_run: true'), alert: alert({}), plan: [{ dryRun: true }] },
  {
    says: 'overrides continue',
    rules: `${over('continue: false')}- rule: later\n  match: {rules: [A]}\n  actions: [${ACTION}]\n`,
    alert: alert({}),
    matches: ['r'],
  },
  {
    says: 'adds to the notifiers, each once',
    rules: over('notifiers: [k8sevents, Webhook]'),
    alert: alert({}),
    plan: [{ notifiers: ['webhook', 'k8sevents'] }],
  },
  {
    says: 'replaces the action of the same name',
    rules: over('actions: [{action: Label, actionner: kubernetes:label, parameters: {labels: {b: "2"}}}]'),
    alert: alert({}),
    plan: [{ action: 'Label', parameters: { labels: { b: '2' } } }],
  },
  {
    says: 'adds an action of another name at the end',
    rules: over('actions: [{action: Log, actionner: kubernetes:log}]'),
    alert: alert({}),
    plan: [{ action: 'Label' }, { action: 'Log' }],
  },
  {
    says: 'in another file does the same',
    rules: { 'rules.yaml': BASE, 'override.yaml': '- rule: r\n  match: {priority: Notice}\n' },
    alert: alert({ priority: 'Notice' }),
    matches: ['r'],
  },
  {
    says: 'leaves the rule in the place of the first block',
    rules: {
      'rules.yaml': `${BASE}- rule: s\n  match: {rules: [A]}\n  actions: [${ACTION}]\n`,
      'override.yaml': '- rule: r\n  dry_run: true\n',
    },
    alert: alert({}),
    matches: ['r', 's'],
  },
  {
    says: 'of three wins',
    rules: `${BASE}- rule: r\n  dry_run: true\n- rule: r\n  dry_run: false\n`,
    alert: alert({}),
    plan: [{ dryRun: false }],
  },
]);

const LOG = `- action: Log
  actionner: kubernetes:log
  parameters: {tail_lines: 5}
  output: {target: local:file, parameters: {destination: /shared}}
  contexts: [k8snode]
  ignore_errors: true
`;
const LABEL = `- action: Label
  actionner: kubernetes:label
  parameters: {labels: {a: shared, b: shared}}
`;
const using = (action: string, shared = LOG) => `${shared}- rule: r\n  match: all\n  actions: [${action}]\n`;

testCases('a shared action, and what a rule says on top of it', [
  {
    says: 'is used by its name',
    rules: using('{action: Log}'),
    plan: [
      {
        actionner: 'kubernetes:log',
        parameters: { tail_lines: 5 },
        output: { target: 'local:file', parameters: { destination: '/shared' } },
        contexts: ['k8snode'],
        ignoreErrors: true,
      },
    ],
  },
  {
    says: 'gives way to a parameter of the rule',
    rules: using('{action: Log, parameters: {tail_lines: 9}}'),
    plan: [{ parameters: { tail_lines: 9 } }],
  },
  {
    says: 'gives way entry by entry in maps',
    rules: using('{action: Label, parameters: {labels: {b: own, c: own}}}', LABEL),
    plan: [{ parameters: { labels: { a: 'shared', b: 'own', c: 'own' } } }],
  },
  {
    says: 'gives way in lists as a whole',
    rules: `- action: Isolate
  actionner: kubernetes:networkpolicy
  parameters: {allow_cidr: [10.0.0.0/8]}
- rule: r
  match: all
  actions: [{action: Isolate, parameters: {allow_cidr: [192.168.0.0/16]}}]
`,
    plan: [{ parameters: { allow_cidr: ['192.168.0.0/16'] } }],
  },
  {
    says: 'gives way in the parameters of the output',
    rules: using('{action: Log, output: {parameters: {destination: /own}}}'),
    plan: [{ output: { target: 'local:file', parameters: { destination: '/own' } } }],
  },
  {
    says: 'gives way in ignore_errors',
    rules: using('{action: Log, ignore_errors: false}'),
    plan: [{ ignoreErrors: false }],
  },
  { says: 'gives way in its contexts', rules: using('{action: Log, contexts: []}'), plan: [{ contexts: [] }] },
  {
    says: 'of another actionner keeps none of its parameters',
    rules: using('{action: Log, actionner: kubernetes:cordon}').replace(
      '  output: {target: local:file, parameters: {destination: /shared}}\n',
      '',
    ),
    plan: [{ actionner: 'kubernetes:cordon', parameters: {} }],
  },
  {
    says: 'may stand after the rule that uses it',
    rules: `- rule: r\n  match: all\n  actions: [{action: Log}]\n${LOG}`,
    plan: [{ actionner: 'kubernetes:log' }],
  },
  {
    says: 'may stand in another file',
    rules: { 'rules.yaml': '- rule: r\n  match: all\n  actions: [{action: Log}]\n', 'shared.yaml': LOG },
    plan: [{ actionner: 'kubernetes:log' }],
  },
  {
    says: 'may be overridden by a later block of its name',
    rules: `${using('{action: Log}')}- action: Log\n  parameters: {tail_lines: 7}\n`,
    plan: [{ parameters: { tail_lines: 7 } }],
  },
  {
    says: 'that nobody declares is refused with the nearest name',
    rules: using('{action: Lo}'),
    problems: [
      ['rules.yaml:1:11', 'warning: ', 'no rule uses this action'],
      ['rules.yaml:9:22', 'error: ', 'did you mean "Log"?'],
    ],
  },
  {
    says: 'serves more than one rule',
    rules: `${using('{action: Log}')}- rule: s\n  match: all\n  actions: [{action: Log}]\n`,
    alert: SHELL,
    plan: [{ rule: 'r' }, { rule: 's' }],
  },
]);
