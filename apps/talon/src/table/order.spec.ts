import { LABEL, SHELL, testCases } from './testing-case.ts';

const rule = (name: string, more = '', match = 'all') =>
  `- rule: ${name}\n  match: ${match}\n  actions: [${LABEL}]\n${more === '' ? '' : `  ${more}\n`}`;
const TERMINATE = '{action: Kill, actionner: kubernetes:terminate}';
const LOG = '{action: Log, actionner: kubernetes:log}';

testCases('rules in file order, until one with continue: false matched', [
  { says: 'all that match, in order', rules: rule('b') + rule('a'), matches: ['b', 'a'] },
  {
    says: 'the one that stops is the last',
    rules: rule('a', 'continue: false', '{source: syscall}') + rule('b'),
    matches: ['a'],
  },
  {
    says: 'one that does not match stops nothing',
    rules: rule('a', 'continue: false', '{rules: [x]}') + rule('b'),
    matches: ['b'],
  },
  {
    says: 'continue: true is the default, and may be written',
    rules: rule('a', 'continue: true') + rule('b'),
    matches: ['a', 'b'],
  },
  {
    says: 'the files one after the other',
    rules: { 'z.yaml': rule('first'), 'a.yaml': rule('second') },
    matches: ['first', 'second'],
  },
  {
    says: 'a rule of the first file stops those of the second',
    rules: { '1.yaml': rule('a', 'continue: false', '{source: syscall}'), '2.yaml': rule('b') },
    matches: ['a'],
  },
  {
    says: 'a rule whose actions end with continue: false stops no other rule',
    rules: `- rule: a\n  match: all\n  actions: [${TERMINATE}]\n${rule('b')}`,
    matches: ['a', 'b'],
  },
  {
    says: 'rules behind one that takes every event are doubted',
    rules: rule('a', 'continue: false') + rule('b'),
    matches: ['a'],
    problems: [['rules.yaml:1:9', 'warning: ', '"b"']],
  },
  {
    says: 'a rule without actions is doubted',
    rules: '- rule: a\n  match: all\n',
    matches: ['a'],
    problems: [['rules.yaml:1:9', 'warning: ', 'no actions']],
  },
]);

testCases('actions in order, with what decides whether the next one runs', [
  {
    says: 'the order of the file',
    rules: `- rule: a\n  match: all\n  actions: [${LOG}, ${LABEL}, ${TERMINATE}]\n`,
    plan: [{ action: 'Log' }, { action: 'Label' }, { action: 'Kill' }],
  },
  {
    says: "continue is the actionner's own by default",
    rules: `- rule: a\n  match: all\n  actions: [${LOG}, ${TERMINATE}]\n`,
    plan: [{ continue: true }, { continue: false }],
  },
  {
    says: "and the action's when it says so",
    rules: `- rule: a
  match: all
  actions:
    - {action: Kill, actionner: kubernetes:terminate, continue: true}
    - {action: Log, actionner: kubernetes:log, continue: false}
`,
    plan: [{ continue: true }, { continue: false }],
  },
  {
    says: 'an action behind one that ends the chain is doubted',
    rules: `- rule: a\n  match: all\n  actions:\n    - ${TERMINATE}\n    - ${LOG}\n`,
    plan: [{ action: 'Kill', continue: false }, { action: 'Log' }],
    problems: [['rules.yaml:5:16', 'warning: ', 'Kill']],
  },
  {
    says: 'ignore_errors is false by default',
    rules: `- rule: a\n  match: all\n  actions:\n    - ${LOG}\n    - {action: Log 2, actionner: kubernetes:log, ignore_errors: true}\n`,
    plan: [{ ignoreErrors: false }, { ignoreErrors: true }],
  },
]);

testCases('dry run', [
  { says: 'not by default', rules: rule('a'), plan: [{ dryRun: false }] },
  { says: 'of a rule', rules: rule('a', 'dry_run: true') + rule('b'), plan: [{ dryRun: true }, { dryRun: false }] },
  { says: 'of everything', rules: rule('a', 'dry_run: false'), observe: true, plan: [{ dryRun: true }] },
]);

testCases('notifiers', [
  {
    says: 'the default ones, then those of the rule, each once, in any case',
    rules: rule('a', 'notifiers: [WebHook, K8sEvents]'),
    defaultNotifiers: ['k8sevents'],
    plan: [{ notifiers: ['k8sevents', 'webhook'] }],
  },
  { says: 'none', rules: rule('a'), plan: [{ notifiers: [] }] },
  {
    says: 'an unknown one is refused with the nearest name',
    rules: rule('a', 'notifiers: [webhok]'),
    problems: [['rules.yaml:4:15', 'error: ', 'did you mean webhook?']],
  },
]);

testCases('contexts and outputs', [
  {
    says: 'a context',
    rules: '- rule: a\n  match: all\n  actions: [{action: Log, actionner: kubernetes:log, contexts: [k8snode]}]\n',
    plan: [{ contexts: ['k8snode'] }],
  },
  {
    says: 'additional_contexts is the same key',
    rules:
      '- rule: a\n  match: all\n  actions: [{action: Log, actionner: kubernetes:log, additional_contexts: [k8snode]}]\n',
    plan: [{ contexts: ['k8snode'] }],
  },
  {
    says: 'both keys at once are refused',
    rules:
      '- rule: a\n  match: all\n  actions:\n    - action: Log\n      actionner: kubernetes:log\n      contexts: [k8snode]\n      additional_contexts: [k8snode]\n',
    problems: [['rules.yaml:7:7', 'error: ', 'contexts']],
  },
  {
    says: 'an unknown context is refused',
    rules:
      '- rule: a\n  match: all\n  actions:\n    - action: Log\n      actionner: kubernetes:log\n      contexts: [k8snodes]\n',
    problems: [['rules.yaml:6:18', 'error: ', 'did you mean k8snode?']],
  },
  {
    says: 'an output with its parameters',
    rules: `- rule: a
  match: all
  actions:
    - action: Log
      actionner: kubernetes:log
      output: {target: local:file, parameters: {destination: /var/evidence}, wait: true}
`,
    plan: [{ output: { target: 'local:file', parameters: { destination: '/var/evidence' }, wait: true } }],
  },
  {
    says: 'an output that is forbidden',
    rules: `- rule: a
  match: all
  actions:
    - action: Label
      actionner: kubernetes:label
      parameters: {labels: {a: b}}
      output: {target: local:file, parameters: {destination: /var/evidence}}
`,
    problems: [['rules.yaml:7:7', 'error: ', 'output']],
  },
  {
    says: 'an output that is missing',
    rules: `- rule: a
  match: all
  actions:
    - action: Get
      actionner: kubernetes:download
      parameters: {file: /etc/passwd}
`,
    problems: [['rules.yaml:4:15', 'error: ', 'output']],
  },
  {
    says: 'an unknown output',
    rules: `- rule: a
  match: all
  actions:
    - action: Log
      actionner: kubernetes:log
      output: {target: local:fil, parameters: {destination: /x}}
`,
    problems: [['rules.yaml:6:24', 'error: ', 'did you mean local:file?']],
  },
  {
    says: 'a parameter of the output that is missing',
    rules: `- rule: a
  match: all
  actions:
    - action: Log
      actionner: kubernetes:log
      output: {target: local:file}
`,
    problems: [['rules.yaml:6:7', 'error: ', 'destination']],
  },
  { says: 'an event of another rule', rules: rule('a', '', '{rules: [x]}'), alert: SHELL, plan: [] },
]);
