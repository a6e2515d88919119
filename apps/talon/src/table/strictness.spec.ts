import { LABEL, testCases } from './testing-case.ts';

const rule = (actions: string, match = 'all') => `- rule: r\n  match: ${match}\n  actions:\n${actions}`;
const action = (actionner: string, ...lines: readonly string[]) =>
  ['    - action: a', `actionner: ${actionner}`, ...lines].join('\n      ') + '\n';
const error = (says: string, rules: string, place: string, ...pieces: readonly string[]) => ({
  says,
  rules,
  problems: [[`rules.yaml:${place}`, 'error: ', ...pieces] as const],
});

testCases('what nobody knows is refused, with the nearest name and what is allowed', [
  error(
    'a key of a block',
    `- rule: r\n  match: all\n  actions: [${LABEL}]\n  dryrun: true\n`,
    '4:3',
    'did you mean dry_run?',
  ),
  error('a key of a match', rule(`    - ${LABEL}\n`, '{prioriti: Notice}'), '2:11', 'did you mean priority?'),
  error(
    'a key of an action',
    rule(action('kubernetes:log', 'ignore_error: true')),
    '6:7',
    'did you mean ignore_errors?',
  ),
  error('an actionner', rule(action('kubernetes:termnate')), '5:18', 'did you mean kubernetes:terminate?'),
  error(
    'an actionner of the first releases',
    rule(action('kubernetes:labelize')),
    '5:18',
    'did you mean kubernetes:label?',
  ),
  error(
    'a parameter',
    rule(action('kubernetes:log', 'parameters: {tail_line: 3}')),
    '6:20',
    'did you mean tail_lines?',
  ),
  error(
    'a parameter in camel case',
    rule(action('kubernetes:terminate', 'parameters: {gracePeriodSeconds: 3}')),
    '6:20',
    'did you mean grace_period_seconds?',
  ),
  error(
    'a key of an output',
    rule(action('kubernetes:log', 'output: {targt: local:file}')),
    '6:16',
    'did you mean target?',
  ),
  error(
    'a parameter of an output',
    rule(action('kubernetes:log', 'output: {target: local:file, parameters: {destination: /x, prefix: y}}')),
    '6:66',
    'prefix',
  ),
  error('a block', '- rules: [a]\n  actions: []\n', '1:3', 'did you mean rule?'),
  error(
    'a value of a closed list',
    rule(action('kubernetes:label', 'parameters: {labels: {a: b}, level: nod}')),
    '6:43',
    'pod',
    'node',
  ),
]);

testCases('what is of the wrong kind is refused', [
  error('an integer', rule(action('kubernetes:log', 'parameters: {tail_lines: many}')), '6:32', 'whole number'),
  error('a number out of its range', rule(action('kubernetes:log', 'parameters: {tail_lines: -1}')), '6:32'),
  error(
    'a bad range of addresses',
    rule(action('kubernetes:networkpolicy', 'parameters: {allow_cidr: [10.0.0.0/33]}')),
    '6:33',
    '10.0.0.0/33',
  ),
  error('a bad label', rule(action('kubernetes:label', 'parameters: {labels: {a b: c}}')), '6:34', 'a b'),
  error('a required parameter that is missing', rule(action('kubernetes:exec')), '4:15', 'command'),
  error('a list where a map is expected', rule(action('kubernetes:label', 'parameters: {labels: [a]}')), '6:20', 'map'),
  error('a map where a text is expected', rule(action('kubernetes:exec', 'parameters: {command: {a: b}}')), '6:20'),
  error(
    'an action without an actionner',
    '- rule: r\n  match: all\n  actions:\n    - action: nameless\n',
    '4:15',
    'no actionner',
  ),
  error(
    'an action without a name',
    '- rule: r\n  match: all\n  actions:\n    - actionner: kubernetes:log\n',
    '4:7',
    'action',
  ),
  error('a document that is no list', 'rule: r\n', '1:1', 'list'),
  error('an item that is no map', '- rule\n', '1:3'),
  error('a rule without a name', '- rule:\n  match: all\n', '1:3'),
  error(
    'a name with a control character',
    `- rule: "a\\u001bb"\n  match: all\n  actions: [${LABEL}]\n`,
    '1:9',
    'control',
  ),
  error('two of script and file', rule(action('kubernetes:script', 'parameters: {script: a, file: b}')), '6:37'),
]);

testCases('YAML that is refused before it is read', [
  error('a key twice', `- rule: r\n  match: all\n  match: all\n  actions: [${LABEL}]\n`, '3:3', 'match'),
  error('a second document', '- rule: r\n  match: all\n---\n- rule: s\n', '3:1', '---'),
  error('tabs', '- rule: r\n\tmatch: all\n', '2:1', 'tab'),
  error('a tag', '- rule: !env HOME\n  match: all\n', '1:9', '!'),
  error('a merge key', '- &a\n  rule: r\n  match: all\n- <<: *a\n  rule: s\n', '4:3', '<<'),
  error('an unquoted comparator', '- rule: r\n  match:\n    priority: >=Notice\n', '3:16', 'quoted'),
  error('a control character', '- rule: "r\u0007"\n', '1:11', 'control'),
]);

testCases('all mistakes of all files at once', [
  {
    says: 'in the order of files and lines',
    rules: {
      'a.yaml': `- rule: r\n  match: {priority: Warnig}\n  actions: [{action: x, actionner: kubernetes:lable}]\n  notifiers: [slak]\n`,
      'b.yaml': '- rule: s\n  match: all\n  action: []\n',
    },
    problems: [
      ['a.yaml:2:21', 'error: ', 'Warning'],
      ['a.yaml:3:36', 'error: ', 'kubernetes:label'],
      ['a.yaml:4:15', 'error: ', 'slak'],
      ['b.yaml:3:3', 'error: ', 'actions'],
    ],
  },
  {
    says: 'though one of them cannot be read',
    rules: { 'a.yaml': '- rule: "r\n', 'b.yaml': `- rule: s\n  match: {priority: Warnig}\n  actions: [${LABEL}]\n` },
    problems: [
      ['a.yaml:1:9', 'error: ', 'not closed'],
      ['b.yaml:2:21', 'error: ', 'Warning'],
    ],
  },
]);

testCases('values that are written otherwise than meant', [
  ...['true', '"true"', "'True'"].map((text) => ({
    says: `dry_run: ${text}`,
    rules: `- rule: r\n  match: all\n  actions: [${LABEL}]\n  dry_run: ${text}\n`,
    plan: [{ dryRun: true }],
  })),
  {
    says: 'a label that is a boolean or a number, with its digits',
    rules: rule(action('kubernetes:label', 'parameters: {labels: {a: true, b: 1.10, c: 007, d: 1000660000}}')),
    plan: [{ parameters: { labels: { a: 'true', b: '1.10', c: '007', d: '1000660000' } } }],
  },
  {
    says: 'a number in quotes',
    rules: rule(action('kubernetes:log', 'parameters: {tail_lines: "200"}')),
    plan: [{ parameters: { tail_lines: 200 } }],
  },
  {
    says: 'a number of replicas, and a percentage',
    rules:
      rule(action('kubernetes:terminate', 'parameters: {min_healthy_replicas: 2}')) +
      rule(action('kubernetes:terminate', 'parameters: {min_healthy_replicas: 33%}')).replace('rule: r', 'rule: s'),
    plan: [{ parameters: { min_healthy_replicas: 2 } }, { parameters: { min_healthy_replicas: '33%' } }],
  },
  {
    says: 'a boolean of an actionner in quotes',
    rules: rule(action('kubernetes:terminate', 'parameters: {ignore_daemonsets: "true"}')),
    plan: [{ parameters: { ignore_daemonsets: true } }],
  },
  {
    says: 'a key without a value is not mentioned',
    rules:
      '- rule: r\n  match:\n    rules:\n    priority: Notice\n  actions: [{action: Log, actionner: kubernetes:log, parameters: }]\n  notifiers:\n',
    plan: [{ parameters: { tail_lines: 20 } }],
  },
  error(
    'a boolean in the words of YAML 1.1',
    `- rule: r\n  match: all\n  actions: [${LABEL}]\n  dry_run: yes\n`,
    '4:12',
    'true',
    'false',
  ),
  {
    says: 'tail_lines of a download, as published examples have it, is doubted and left out',
    rules: rule(
      action(
        'kubernetes:download',
        'parameters: {file: /etc/passwd, tail_lines: 3}',
        'output: {target: local:file, parameters: {destination: /x}}',
      ),
    ),
    plan: [{ parameters: { file: '/etc/passwd' } }],
    problems: [['rules.yaml:6:39', 'warning: ', 'tail_lines']],
  },
  {
    says: 'the same of a delete',
    rules: rule(action('kubernetes:delete', 'parameters: {tail_lines: 3}'), '{source: k8s_audit}'),
    alert: '{"rule":"x","source":"k8s_audit"}',
    plan: [{ actionner: 'kubernetes:delete' }],
    problems: [['rules.yaml:6:20', 'warning: ', 'tail_lines']],
  },
]);
