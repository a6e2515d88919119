import { describe, expect, it } from 'vitest';
import { load, rulesOf, shortProblems } from './testing-registry.ts';

const DOCUMENTED = `
- action: Label Pod as Suspicious
  actionner: kubernetes:label
  parameters: { labels: { analysis/status: suspicious } }
- rule: Terminal shell in container
  description: text
  match:
    rules: [Terminal shell in container]
    priority: ">=Notice"
    source: syscall
    tags: ["shell, mitre_execution", t1059]
    output_fields: ["k8s.ns.name!=kube-system, proc.name=bash"]
  actions:
    - action: Label Pod as Suspicious
    - action: Keep the log
      actionner: kubernetes:log
      parameters: { tail_lines: 200 }
      contexts: [k8snode]
      output: { target: aws:s3, parameters: { bucket: my-bucket, prefix: /logs/ } }
      continue: true
      ignore_errors: false
  continue: true
  dry_run: false
  notifiers: [slack]
`;

/** A rule around the YAML of one action. */
const withAction = (action: string) =>
  `- rule: r\n  match: all\n  actions:\n    - ${action.replaceAll('\n', '\n      ')}\n`;
const firstAction = (text: string) => rulesOf(text).rules[0]!.actions[0]!;
const firstParameters = (text: string) => firstAction(text).parameters;

describe('the documented example', () => {
  it('loads without a doubt', () => {
    const { ruleSet, problems } = load(DOCUMENTED);
    expect(problems).toEqual([]);
    expect(ruleSet?.rules).toEqual([
      {
        name: 'Terminal shell in container',
        description: 'text',
        position: { file: '1.yaml', line: 5, column: 9 },
        match: {
          rules: ['Terminal shell in container'],
          priority: { comparator: '>=', priority: 'Notice' },
          source: 'syscall',
          tags: [['shell', 'mitre_execution'], ['t1059']],
          outputFields: [
            [
              { field: 'k8s.ns.name', operator: '!=', value: 'kube-system' },
              { field: 'proc.name', operator: '=', value: 'bash' },
            ],
          ],
        },
        actions: [
          {
            name: 'Label Pod as Suspicious',
            description: '',
            actionner: 'kubernetes:label',
            parameters: { labels: { 'analysis/status': 'suspicious' }, level: 'pod' },
            contexts: [],
            continue: true,
            ignoreErrors: false,
          },
          {
            name: 'Keep the log',
            description: '',
            actionner: 'kubernetes:log',
            parameters: { tail_lines: 200 },
            contexts: ['k8snode'],
            output: { target: 'aws:s3', parameters: { bucket: 'my-bucket', prefix: '/logs/' } },
            continue: true,
            ignoreErrors: false,
          },
        ],
        continue: true,
        dryRun: false,
        notifiers: ['slack'],
      },
    ]);
  });
});

describe('what may be left out', () => {
  it('takes defaults from the rule syntax and the actionner', () => {
    const [rule] = rulesOf(withAction('action: kill\nactionner: kubernetes:terminate')).rules;
    expect(rule).toMatchObject({ description: '', continue: true, dryRun: false, notifiers: [] });
    expect(rule?.actions[0]).toMatchObject({
      parameters: { ignore_daemonsets: false },
      contexts: [],
      continue: false,
      ignoreErrors: false,
    });
    expect(rule?.actions[0]).not.toHaveProperty('output');
  });

  it('reads no rules from empty files', () => {
    expect(load('', '# comment\n').ruleSet?.rules).toEqual([]);
    expect(load().ruleSet?.rules).toEqual([]);
  });

  it('counts a key without a value as not mentioned', () => {
    const [rule] = rulesOf(
      '- rule: r\n  match: all\n  continue: false\n- rule: r\n  continue:\n  match:\n  actions:\n',
    ).rules;
    expect(rule?.continue).toBe(false);
  });

  it('takes additional_contexts for contexts', () => {
    expect(
      firstAction(withAction('action: a\nactionner: kubernetes:log\nadditional_contexts: [aws, aws]')).contexts,
    ).toEqual(['aws']);
  });

  it('takes notifiers in any case, each once', () => {
    expect(
      rulesOf('- rule: r\n  match: all\n  continue: false\n  notifiers: [Slack, WEBHOOK, slack]\n').rules[0]?.notifiers,
    ).toEqual(['slack', 'webhook']);
  });

  it('does not demand actions of a rule that only stops', () => {
    expect(load('- rule: r\n  match: {rules: [x]}\n  continue: false\n').problems).toEqual([]);
  });
});

describe('values', () => {
  it.each([
    ['true', true],
    ['"true"', true],
    ['"False"', false],
    ["'false'", false],
  ])('takes %s as a boolean', (written, value) => {
    const [rule] = rulesOf(
      `- rule: r\n  match: all\n  continue: ${written}\n  dry_run: ${written}\n  actions:\n    - {action: a, actionner: kubernetes:log, continue: ${written}, ignore_errors: ${written}}\n`,
    ).rules;
    expect(rule).toMatchObject({ continue: value, dryRun: value });
    expect(rule?.actions[0]).toMatchObject({ continue: value, ignoreErrors: value });
  });

  it.each([
    ['suspicious: true', { suspicious: 'true' }],
    ['port: 22', { port: '22' }],
    ['version: 1.10', { version: '1.10' }],
    ['build: 12345678901234567890', { build: '12345678901234567890' }],
    ['code: 007', { code: '007' }],
    ['gone: ""', { gone: '' }],
  ])('takes the label %s as a text', (written, labels) => {
    expect(
      firstParameters(withAction(`action: a\nactionner: kubernetes:label\nparameters: {labels: {${written}}}`)),
    ).toEqual({
      labels,
      level: 'pod',
    });
  });

  it('takes a quoted number where a number is wanted', () => {
    expect(
      firstParameters(withAction('action: a\nactionner: kubernetes:log\nparameters: {tail_lines: "200"}')),
    ).toEqual({
      tail_lines: 200,
    });
  });

  it('takes names that YAML reads as something else', () => {
    const [rule] = rulesOf('- rule: 123\n  match: {rules: [true]}\n  continue: false').rules;
    expect(rule).toMatchObject({ name: '123', match: { rules: ['true'] } });
  });

  it('respells the own tokens of commands and scripts, and of nothing else', () => {
    const own = '${FALCO-TALON_RULE}';
    const command = '"echo ${FALCO-TALON_RULE} ${FALCO-default} $HOME ${X:-${FALCO-TALON_RULE_ACTION}}"';
    expect(
      firstParameters(
        withAction(`action: a\nactionner: kubernetes:exec\nparameters: {command: ${command}, shell: '${own}'}`),
      ),
    ).toEqual({
      command: 'echo ${FALCO_TALON_RULE} ${FALCO-default} $HOME ${X:-${FALCO_TALON_RULE_ACTION}}',
      shell: own,
    });
    const label = withAction(
      'action: a\nactionner: kubernetes:label\nparameters: {labels: {a: "${FALCO-TALON_RULE}"}}',
    );
    expect(firstParameters(label)).toMatchObject({ labels: { a: '${FALCO-TALON_RULE}' } });
  });

  it('cannot be changed by whoever gets them', () => {
    const parameters = firstParameters(
      withAction('action: a\nactionner: kubernetes:label\nparameters: {labels: {a: b}}'),
    ) as { labels: Record<string, string> };
    expect(() => (parameters.labels['a'] = 'c')).toThrow(TypeError);
  });
});

describe('the sources', () => {
  it.each([
    ['syscall', 'syscall'],
    ['syscalls', 'syscall'],
    ['k8s_audit', 'k8s_audit'],
    ['k8saudit', 'k8s_audit'],
    ['aws_cloudtrail', 'aws_cloudtrail'],
  ])('%s is %s', (written, source) => {
    expect(rulesOf(`- rule: r\n  match: {source: ${written}}\n  continue: false`).rules[0]?.match.source).toBe(source);
  });
});

describe('the version', () => {
  it('is short, and changes with the content of any file', () => {
    const { version } = rulesOf(DOCUMENTED);
    expect(version).toMatch(/^[0-9a-f]{12}$/);
    expect(rulesOf(DOCUMENTED).version).toBe(version);
    expect(rulesOf(DOCUMENTED, '# more').version).not.toBe(version);
    expect(rulesOf('# a', '# b').version).not.toBe(rulesOf('# b', '# a').version);
  });
});

describe('warnings', () => {
  const warnings = (text: string) => {
    const { ruleSet, problems } = load(text);
    expect(ruleSet).toBeDefined();
    return shortProblems(problems);
  };
  const everything = 'warning this rule has no criterion, so every event matches it; write match: all if that is meant';

  it.each([
    ['- rule: r\n  continue: false', [`1.yaml:1:9 ${everything} (r.rule)`]],
    ['- rule: r\n  continue: false\n  match: {}', [`1.yaml:3:3 ${everything} (r.match)`]],
    ['- rule: r\n  continue: false\n  match: {rules: [], priority: }', [`1.yaml:3:3 ${everything} (r.match)`]],
    ['- rule: r\n  continue: false\n  match: all', []],
    ['- rule: r\n  continue: false\n  match: all\n- rule: r\n  description: x', []],
    ['- rule: r\n  match: all', ['1.yaml:1:9 warning this rule has no actions, so it does nothing (r.rule)']],
    [
      '- rule: r\n  match: all\n  continue: false\n- rule: s\n  match: {rules: [x]}\n  continue: false',
      [
        '1.yaml:1:9 warning no rule after this one is ever tried, as it matches every event and has continue: false (first: "s") (r.rule)',
      ],
    ],
    [
      '- rule: r\n  match: {source: k8s_audit}\n  actions: [{action: a, actionner: kubernetes:terminate}]',
      [
        '1.yaml:3:22 warning kubernetes:terminate is made for alerts of the source syscall, but this rule matches those of k8s_audit, which do not carry what it needs: k8s.pod.name, k8s.ns.name (r.actions[0].action)',
      ],
    ],
    [
      '- rule: r\n  match: all\n  actions:\n  - {action: a, actionner: kubernetes:log}\n  - {action: a, actionner: kubernetes:log}',
      ['1.yaml:5:14 warning this rule lists the action "a" more than once; it runs each time (r.actions[1].action)'],
    ],
    [
      '- rule: r\n  match: all\n  actions:\n  - action: a\n    actionner: kubernetes:download\n    parameters: {file: /x, tail_lines: 5}\n    output: {target: aws:s3, parameters: {bucket: b}}',
      [
        '1.yaml:6:28 warning kubernetes:download has no parameter tail_lines; it has no effect and can be removed (r.actions[0].parameters.tail_lines)',
      ],
    ],
  ])('%j', (text, expected) => {
    expect(warnings(text)).toEqual(expected);
  });

  it('does not pass an ignored parameter on', () => {
    const text = withAction(
      'action: a\nactionner: kubernetes:download\nparameters: {file: /x, tail_lines: 5}\noutput: {target: local:file, parameters: {destination: /tmp}}',
    );
    expect(firstParameters(text)).toEqual({ file: '/x' });
  });
});
