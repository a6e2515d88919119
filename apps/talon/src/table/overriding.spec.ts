import { LABEL, SHELL, testCases } from './testing-case.ts';

const LOG = '{action: Log, actionner: kubernetes:log}';
const BASE = `- rule: r
  match: {rules: [A, B], tags: [x], output_fields: [p.n=1]}
  actions: [${LABEL}, ${LOG}]
  notifiers: [webhook]
`;
const alert = (more: object) => ({ rule: 'A', tags: ['x'], output_fields: { 'p.n': 1 }, ...more });
const over = (text: string) => `${BASE}- rule: r\n  ${text}\n`;

testCases('a later block that says override', [
  {
    says: 'replaces the list of rules',
    rules: over('override: {rules: replace}\n  match: {rules: [C]}'),
    alert: alert({}),
    matches: [],
  },
  {
    says: 'and what it gives takes its place',
    rules: over('override: {rules: replace}\n  match: {rules: [C]}'),
    alert: alert({ rule: 'C' }),
    matches: ['r'],
  },
  {
    says: 'may leave none',
    rules: over('override: {rules: replace}\n  match: {rules: []}'),
    alert: alert({ rule: 'D' }),
    matches: ['r'],
  },
  {
    says: 'replaces the tags, and appends to the lists it does not name',
    rules: over('override: {tags: replace}\n  match: {tags: [y], rules: [C]}'),
    alert: alert({ rule: 'C', tags: ['y'] }),
    matches: ['r'],
  },
  {
    says: 'replaces the output fields',
    rules: over('override: {output_fields: replace}\n  match: {output_fields: [p.n=2]}'),
    alert: alert({}),
    matches: [],
  },
  {
    says: 'appends as without it',
    rules: over('override: {tags: append}\n  match: {tags: [y]}'),
    alert: alert({}),
    matches: ['r'],
  },
  {
    says: 'replaces all actions, whatever their names',
    rules: over(`override: {actions: replace}\n  actions: [${LOG}]`),
    alert: alert({}),
    plan: [{ action: 'Log' }],
  },
  {
    says: 'replaces the notifiers',
    rules: over('override: {notifiers: replace}\n  notifiers: [k8sevents]'),
    alert: alert({}),
    plan: [{ notifiers: ['k8sevents'] }, { notifiers: ['k8sevents'] }],
  },
  {
    says: 'is followed by blocks that append again',
    rules: `${over('override: {rules: replace}\n  match: {rules: [C]}')}- rule: r\n  match: {rules: [A]}\n`,
    alert: alert({}),
    matches: ['r'],
  },
  {
    says: 'replaces what all files before it came to',
    rules: { '1.yaml': BASE, '2.yaml': over('override: {rules: replace}\n  match: {rules: [C]}').slice(BASE.length) },
    alert: alert({}),
    matches: [],
  },
  {
    says: 'must give what it replaces',
    rules: over('override: {rules: replace}'),
    problems: [['rules.yaml:6:14', 'error: ', 'this block has no rules to replace']],
  },
  {
    says: 'must have something to replace, and is told the nearest name',
    rules: `${BASE.replace('rule: r', 'rule: Shell')}- rule: Shel\n  override: {rules: replace}\n  match: {rules: [C]}\n`,
    problems: [['rules.yaml:5:9', 'error: ', 'there is no rule of this name before', 'did you mean "Shell"?']],
  },
]);

const byMacro = `- rule: r\n  match: {condition: in_prod}\n  actions: [${LABEL}]\n`;
const LISTED = '- list: namespaces\n  items: [shop]\n- macro: in_prod\n  condition: k8s.ns.name in (namespaces)\n';
const within = (namespace: string) => ({ ...SHELL, output_fields: { 'k8s.ns.name': namespace } });

testCases('macros and lists over several blocks and files', [
  { says: 'are declared before', rules: LISTED + byMacro, matches: ['r'] },
  { says: 'are declared after', rules: byMacro + LISTED, matches: ['r'] },
  { says: 'are declared in another file', rules: { '1.yaml': byMacro, '2.yaml': LISTED }, matches: ['r'] },
  {
    says: 'a later list of the name takes the place of the first',
    rules: { '1.yaml': LISTED + byMacro, '2.yaml': '- list: namespaces\n  items: [bank]\n' },
    matches: [],
  },
  {
    says: 'a later list appends when it says so',
    rules: {
      '1.yaml': LISTED + byMacro,
      '2.yaml': '- list: namespaces\n  items: [bank]\n  override: {items: append}\n',
    },
    alert: within('bank'),
    matches: ['r'],
  },
  {
    says: 'and keeps what was there',
    rules: { '1.yaml': LISTED + byMacro, '2.yaml': '- list: namespaces\n  items: [bank]\n  append: true\n' },
    matches: ['r'],
  },
  {
    says: 'a later macro takes the place of the first',
    rules: `${LISTED}${byMacro}- macro: in_prod\n  condition: k8s.ns.name = bank\n`,
    matches: [],
  },
  {
    says: 'a later macro appends when it says so',
    rules: `${LISTED}${byMacro}- macro: in_prod\n  condition: or k8s.ns.name = bank\n  override: {condition: append}\n`,
    alert: within('bank'),
    matches: ['r'],
  },
  {
    says: 'one that nobody declares is refused with the nearest name',
    rules: LISTED + byMacro.replace('in_prod', 'in_prodd'),
    problems: [['rules.yaml:6:22', 'error: ', 'unknown macro "in_prodd"', 'did you mean in_prod?']],
  },
]);
const isolate = (parameters: string) =>
  `- rule: r\n  match: {rules: [x]}\n  actions: [{action: i, actionner: kubernetes:networkpolicy, parameters: ${parameters}}]\n`;

testCases('all mistakes of one action at once', [
  {
    says: 'a bad CIDR is refused',
    rules: isolate('{allow_cidr: [10.0.0.0/8, 10.0.0.0/33]}'),
    problems: [['rules.yaml:3:100', 'error: ', '"10.0.0.0/33" is no address range']],
  },
  {
    says: 'beside an unknown parameter, too',
    rules: isolate('{allow_cidr: [10.0.0.0/33], allow_namespace: [shop]}'),
    problems: [
      ['rules.yaml:3:88', 'error: ', '"10.0.0.0/33" is no address range'],
      ['rules.yaml:3:102', 'error: ', 'did you mean allow_namespaces?'],
    ],
  },
  {
    says: 'in a shared action that no rule uses',
    rules: '- action: i\n  actionner: kubernetes:networkpolicy\n  parameters: {allow_cidr: [10.0.0.0/33]}\n',
    problems: [['rules.yaml:3:29', 'error: ', '"10.0.0.0/33" is no address range']],
  },
  {
    says: 'a label that Kubernetes would refuse, beside an unknown level',
    rules:
      '- rule: r\n  match: {rules: [x]}\n  actions: [{action: l, actionner: kubernetes:label, parameters: {labels: {a: b c}, level: Pod}}]\n',
    problems: [
      ['rules.yaml:3:79', 'error: '],
      ['rules.yaml:3:92', 'error: ', 'did you mean pod?'],
    ],
  },
  {
    says: 'alternatives that leave nothing out are doubted',
    rules: `- rule: r\n  match: {output_fields: [k8s.ns.name!=a, k8s.ns.name!=b]}\n  actions: [${LABEL}]\n`,
    matches: ['r'],
    problems: [['rules.yaml:2:3', 'warning: ', 'holds for every alert']],
  },
]);
