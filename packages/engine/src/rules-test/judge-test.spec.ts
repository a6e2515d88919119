import { describe, expect, it } from 'vitest';
import { judgeTest } from './judge-test.ts';
import { testEvent } from './test-event.ts';
import { judged, testFileOf, trialOf } from './testing-rules-test.ts';

const RULES = `
- rule: Shell
  match: {rules: [Terminal shell in container], priority: ">=Notice", output_fields: [k8s.ns.name!=kube-system]}
  notifiers: [Slack]
  actions:
    - action: Keep the log
      actionner: kubernetes:log
      parameters: {tail_lines: 200}
      contexts: [k8snode, aws]
      output: {target: aws:s3, parameters: {bucket: evidence, prefix: a}}
      ignore_errors: true
    - {action: Mark, actionner: kubernetes:label, parameters: {labels: {a: "1", b: x}}}
    - {action: Kill, actionner: kubernetes:terminate, parameters: {grace_period_seconds: 5}}
- rule: Quiet
  match: {tags: [quiet]}
  dry_run: true
  continue: false
  actions: [{action: Isolate, actionner: kubernetes:networkpolicy, parameters: {allow_cidr: [10.0.0.0/8, "::/0"]}}]
- rule: Everything
  match: {tags: [all]}
  actions: [{action: Run, actionner: kubernetes:exec, parameters: {command: id}}]
`;
const trial = trialOf(RULES, { defaultNotifiers: ['webhook'] });

/** The differences of one test; its expectation begins in line 7. */
function expecting(expectation: string, event = '{rule: Terminal shell in container, priority: Notice}'): string[] {
  const indented = expectation.trim().replaceAll('\n', '\n      ');
  return judged(`tests:\n  - test: t\n    event: ${event}\n\n    expect:\n\n      ${indented}\n`, trial);
}

describe('a test passes', () => {
  it.each([
    ['with the rule', '- Shell'],
    ['with the names of its actions', '- rule: Shell\n  actions: [Keep the log, Mark, Kill]'],
    [
      'with some parameters',
      '- rule: Shell\n  actions:\n    - {action: Keep the log, parameters: {tail_lines: 200}}\n    - {action: Mark, parameters: {labels: {b: x}}}\n    - Kill',
    ],
    [
      'with values as a rules file could write them',
      '- rule: Shell\n  actions:\n    - {action: Keep the log, parameters: {tail_lines: "200"}}\n    - {action: Mark, parameters: {labels: {a: 1}}}\n    - Kill',
    ],
    [
      'with all parameters, those with a default too',
      '- rule: Shell\n  actions:\n    - Keep the log\n    - Mark\n    - {action: Kill, exact: true, parameters: {grace_period_seconds: 5, ignore_daemonsets: false}}',
    ],
    [
      'with everything there is',
      `
- rule: Shell
  continue: true
  dry_run: false
  notifiers: [slack, Webhook]
  actions:
    - action: Keep the log
      actionner: kubernetes:log
      contexts: [aws, k8snode]
      output: {target: aws:s3, parameters: {bucket: evidence}, wait: false}
      target: none
      continue: true
      ignore_errors: true
    - {action: Mark, output: none, contexts: []}
    - {action: Kill, continue: false}`,
    ],
    ['with the name of the output', '- rule: Shell\n  actions: [{action: Keep the log, output: "aws:s3"}, Mark, Kill]'],
  ])('%s', (_, expectation) => expect(expecting(expectation)).toEqual([]));

  it('when no rule may match and none does', () => {
    expect(judged('tests: [{test: t, event: {rule: other}, expect: none}]', trial)).toEqual([]);
    expect(judged('tests: [{test: t, event: {rule: other}, expect: []}]', trial)).toEqual([]);
  });

  it('when other rules may match', () => {
    const test = '{test: t, event: {rule: x, tags: [all, quiet]}, expect: [], allow_others: true}';
    expect(judged(`tests: [${test}]`, trial)).toEqual([]);
  });
});

describe('a test fails', () => {
  it.each([
    ['for a rule that does not match', '- Shell', '{rule: other}', ['7:9 Shell: it matches / it does not match']],
    [
      'for a rule that does not exist',
      '- Shel\n- Shell',
      undefined,
      ['7:9 Shel: it matches / there is no rule of this name; did you mean "Shell"?'],
    ],
    [
      'for a rule that is not tried',
      '- Quiet\n- Everything',
      '{rule: x, tags: [quiet, all]}',
      ['8:9 Everything: it matches / it is not tried: "Quiet" matches before it and has continue: false'],
    ],
    [
      'for a rule too many',
      '- Everything',
      '{rule: Terminal shell in container, priority: Error, tags: [all]}',
      ['5:5 Shell: it does not match / it matches (rules.yaml:2:9)'],
    ],
    [
      'for the wrong order of rules',
      '- Everything\n- Shell',
      '{rule: Terminal shell in container, priority: Error, tags: [all]}',
      ['5:5 the order of the rules: "Everything", "Shell" / "Shell", "Everything"'],
    ],
    [
      'for a missing, an unknown and a misplaced action, and goes on comparing those that are there',
      '- rule: Shell\n  actions:\n    - Mark\n    - {action: Keep the log, ignore_errors: false}\n    - Kil',
      undefined,
      [
        '8:9 Shell.actions: "Mark", "Keep the log", "Kil" / "Keep the log", "Mark", "Kill"',
        '10:51 Shell.actions[1].ignore_errors: false / true',
      ],
    ],
    [
      'for parameters of another value, at the value',
      '- rule: Shell\n  actions:\n    - Keep the log\n    - {action: Mark, parameters: {labels: {a: 2}}}\n    - Kill',
      undefined,
      ['10:53 Shell.actions[1].parameters.labels.a: "2" / "1"'],
    ],
    [
      'for parameters that are not there, or do not exist',
      '- rule: Shell\n  actions:\n    - {action: Keep the log, parameters: {tail_line: 1}}\n    - {action: Mark, parameters: {labels: {c: x}}}\n    - Kill',
      undefined,
      [
        '9:60 Shell.actions[0].parameters.tail_line: 1 / unknown key "tail_line"; did you mean tail_lines? (allowed here: tail_lines)',
        '10:53 Shell.actions[1].parameters.labels.c: "x" / nothing',
      ],
    ],
    [
      'for parameters that are not listed, when exact',
      '- rule: Shell\n  actions:\n    - Keep the log\n    - Mark\n    - {action: Kill, exact: true, parameters: {grace_period_seconds: 5}}',
      undefined,
      ['11:41 Shell.actions[2].parameters.ignore_daemonsets: nothing / false'],
    ],
    [
      'for lists that differ',
      '- rule: Quiet\n  actions: [{action: Isolate, parameters: {allow_cidr: [10.0.0.0/8]}}]',
      '{rule: x, tags: [quiet]}',
      ['8:50 Quiet.actions[0].parameters.allow_cidr: ["10.0.0.0/8"] / ["10.0.0.0/8","::/0"]'],
    ],
    [
      'for whatever else differs',
      `
- rule: Quiet
  continue: true
  dry_run: false
  notifiers: [slack]
  actions:
    - action: Isolate
      actionner: kubernetes:terminate
      contexts: [aws]
      output: local:file
      target: pod a/b
      continue: false
      ignore_errors: true`,
      '{rule: x, tags: [quiet]}',
      [
        '8:19 Quiet.continue: true / false',
        '9:18 Quiet.dry_run: false / true',
        '10:9 Quiet.notifiers: "slack" / "webhook"',
        '13:24 Quiet.actions[0].actionner: "kubernetes:terminate" / "kubernetes:networkpolicy"',
        '14:13 Quiet.actions[0].contexts: "aws" / none',
        '15:21 Quiet.actions[0].output: "local:file" / "none"',
        '16:21 Quiet.actions[0].target: "pod a/b" / "none"',
        '17:23 Quiet.actions[0].continue: false / true',
        '18:28 Quiet.actions[0].ignore_errors: true / false',
      ],
    ],
    [
      'for another output',
      '- rule: Shell\n  actions: [{action: Keep the log, output: {target: "local:file", parameters: {bucket: b}, wait: true}}, Mark, {action: Kill, output: {wait: true}}]',
      undefined,
      [
        '8:59 Shell.actions[0].output.target: "local:file" / "aws:s3"',
        '8:94 Shell.actions[0].output.parameters.bucket: "b" / "evidence"',
        '8:104 Shell.actions[0].output.wait: true / false',
        '8:133 Shell.actions[2].output: {"wait":true} / none',
      ],
    ],
  ])('%s', (_, expectation, event, differences) => expect(expecting(expectation, event)).toEqual(differences));

  it('when a rule matches that should not', () => {
    expect(judged('tests: [{test: t, event: {rule: x, tags: [all]}, expect: none}]', trial)).toEqual([
      '1:58 Everything: it does not match / it matches (rules.yaml:19:9)',
    ]);
  });
});

describe('why it fails', () => {
  const because = (text: string, deps = trial) => {
    const file = testFileOf(text);
    const event = testEvent(file.event, undefined, file.tests[0]!.content.event);
    return judgeTest(file.tests[0]!, event, deps).differences.map((difference) => difference.because);
  };

  it('is told by the criteria that do not hold, as explain words them', () => {
    const event = '{rule: Terminal Shell in container, priority: Notice, output_fields: {k8s.ns.name: kube-system}}';
    expect(because(`tests: [{test: t, event: ${event}, expect: [Shell]}]`)).toEqual([
      [
        '✗ rules: Terminal shell in container; the alert has "Terminal Shell in container" (nearly: "Terminal Shell in container" differs from "Terminal shell in container" only in the case of letters)',
        '✗ output_fields: k8s.ns.name!=kube-system; the alert has k8s.ns.name "kube-system"',
      ],
    ]);
  });

  it('is told by the criteria that hold, for a rule too many', () => {
    expect(because('tests: [{test: t, event: {rule: x, tags: [all]}, expect: none}]')).toEqual([
      ['✓ tags: all; the alert has "all"'],
    ]);
    const all = trialOf('- rule: r\n  match: all\n  continue: false\n');
    expect(because('tests: [{test: t, event: {rule: x}, expect: none}]', all)).toEqual([
      ['it has no criterion, so it matches every alert'],
    ]);
  });

  it('is told by the nearest name', () => {
    const actions = '[{action: Run, actionner: "kubernetes:exce", output: "aws:s4"}]';
    const test = `{test: t, event: {rule: x, tags: [all]}, expect: [{rule: Everything, actions: ${actions}}]}`;
    expect(because(`tests: [${test}]`)).toEqual([
      ['there is no actionner of this name; did you mean "kubernetes:exec"?'],
      ['there is no output of this name; did you mean "aws:s3"?'],
    ]);
  });
});

describe('names in parameters', () => {
  const rules = trialOf(`
- rule: r
  match: all
  continue: false
  actions: [{action: a, actionner: kubernetes:download, parameters: {file: "\${PROC_EXEPATH}/\${NOBODY}"}, output: {target: "local:file", parameters: {destination: /tmp}}}]
`);
  const test = (tokens: string) =>
    `tests: [{test: t, event: {rule: x, output_fields: {proc.exepath: /x}}, expect: [{rule: r, actions: [{action: a, tokens: ${tokens}}]}]}]`;

  it('are what they are for the alert', () => {
    expect(judged(test('{PROC_EXEPATH: /x, NOBODY: null}'), rules)).toEqual([]);
    expect(judged(test('{PROC_EXEPATH: /y, NOBODY: a, OTHER: b}'), rules)).toEqual([
      '1:136 r.actions[0].tokens.PROC_EXEPATH: "/y" / "/x"',
      '1:148 r.actions[0].tokens.NOBODY: "a" / null',
      '1:158 r.actions[0].tokens.OTHER: "b" / nothing',
    ]);
  });
});

describe('hostile values', () => {
  it('are compared with all their digits and as keys like any other', () => {
    const rules = (value: string) =>
      trialOf(`
- rule: r
  match: all
  continue: false
  actions: [{action: a, actionner: kubernetes:label, parameters: {labels: {n: ${value}, __proto__: x}}}]
`);
    const test = (value: string) =>
      `tests: [{test: t, event: {rule: x}, expect: [{rule: r, actions: [{action: a, parameters: {labels: {n: ${value}, __proto__: x}}}]}]}]`;
    for (const value of ['1731945600482812345', '1e309', '1.10', '0.0']) {
      expect(judged(test(value), rules(value))).toEqual([]);
    }
    expect(judged(test('1731945600482812344'), rules('1731945600482812345'))).toEqual([
      '1:103 r.actions[0].parameters.labels.n: "1731945600482812344" / "1731945600482812345"',
    ]);
    expect(judged(test('1'), rules('1'))).toEqual([]);
    expect(judged(test('1').replace('__proto__: x', '__proto__: y'), rules('1'))).toEqual([
      '1:117 r.actions[0].parameters.labels.__proto__: "y" / "x"',
    ]);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });
});
