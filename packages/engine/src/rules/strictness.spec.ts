import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { load, shortProblems } from './testing-registry.ts';

const rule = (body: string) => `- rule: r\n  match: {rules: [x]}\n${body}`;
const action = (body: string) => rule(`  actions:\n    - action: a\n${body.replaceAll(/^/gm, '      ')}\n`);
const KNOWN =
  'known: kubernetes:download, kubernetes:exec, kubernetes:label, kubernetes:log, kubernetes:networkpolicy, kubernetes:terminate';
const RULE_KEYS = 'allowed here: rule, description, match, actions, continue, dry_run, notifiers, override';

describe('a mistake is an error with its place, what is allowed, and the nearest name', () => {
  it.each([
    // unknown things
    [rule('  dryrun: true'), `1.yaml:3:3 error unknown key "dryrun"; did you mean dry_run? (${RULE_KEYS}) (r.dryrun)`],
    [
      '- rule: r\n  match:\n    prioritty: Notice',
      '1.yaml:3:5 error unknown key "prioritty"; did you mean priority? (allowed here: rules, priority, source, tags, output_fields, condition) (r.match.prioritty)',
    ],
    [
      action('actioner: kubernetes:log\nactionner: kubernetes:log'),
      '1.yaml:5:7 error unknown key "actioner"; did you mean actionner? (allowed here: action, description, actionner, parameters, contexts, additional_contexts, output, continue, ignore_errors) (r.actions[0].actioner)',
    ],
    [
      action('actionner: kubernetes:labelize'),
      `1.yaml:5:18 error unknown actionner "kubernetes:labelize"; did you mean kubernetes:label? (${KNOWN}) (r.actions[0].actionner)`,
    ],
    [
      action('actionner: kubernetes:terminate\nparameters:\n  ignoreDaemonsets: true'),
      '1.yaml:7:9 error unknown key "ignoreDaemonsets"; did you mean ignore_daemonsets? (allowed here: grace_period_seconds, ignore_daemonsets) (r.actions[0].parameters.ignoreDaemonsets)',
    ],
    [
      action('actionner: kubernetes:log\nparameters:\n  deny_all_ingress: true'),
      '1.yaml:7:9 error unknown key "deny_all_ingress" (allowed here: tail_lines) (r.actions[0].parameters.deny_all_ingress)',
    ],
    [
      rule('  continue: false\n  notifiers: [webhook, slak]'),
      '1.yaml:4:24 error unknown notifier "slak"; did you mean slack? (known: slack, webhook) (r.notifiers[1])',
    ],
    [
      action('actionner: kubernetes:log\ncontexts: [k8snodes]'),
      '1.yaml:6:18 error unknown context "k8snodes"; did you mean k8snode? (known: aws, k8snode) (r.actions[0].contexts[0])',
    ],
    [
      action('actionner: kubernetes:log\noutput: {target: aws:s4}'),
      '1.yaml:6:24 error unknown output "aws:s4"; did you mean aws:s3? (known: aws:s3, local:file) (r.actions[0].output.target)',
    ],
    [
      action('actionner: kubernetes:log\noutput: {target: aws:s3, parameters: {bucket: b, prefx: c}}'),
      '1.yaml:6:56 error unknown key "prefx"; did you mean prefix? (allowed here: bucket, prefix) (r.actions[0].output.parameters.prefx)',
    ],
    [
      action('actionner: kubernetes:log\noutput: {targt: aws:s3, target: aws:s3, parameters: {bucket: b}}'),
      '1.yaml:6:16 error unknown key "targt"; did you mean target? (allowed here: target, parameters, wait) (r.actions[0].output.targt)',
    ],
    // outputs
    [
      action('actionner: kubernetes:download\nparameters: {file: /x}'),
      '1.yaml:4:15 error kubernetes:download needs an output (known: aws:s3, local:file) (r.actions[0].action)',
    ],
    [
      action(
        'actionner: kubernetes:exec\nparameters: {command: id}\noutput: {target: aws:s3, parameters: {bucket: b}}',
      ),
      '1.yaml:7:7 error kubernetes:exec has nothing to store, so it takes no output (r.actions[0].output)',
    ],
    [
      action('actionner: kubernetes:log\noutput: {parameters: {bucket: b}}'),
      '1.yaml:6:7 error target is missing: which output (r.actions[0].output)',
    ],
    [
      action('actionner: kubernetes:log\noutput: {target: local:file}'),
      '1.yaml:6:7 error destination is missing: a folder (r.actions[0].output)',
    ],
    [
      action('actionner: kubernetes:log\noutput: {target: aws:s3, parameters: {bucket: UPPER}}'),
      '1.yaml:6:53 error must be in lower case (r.actions[0].output.parameters.bucket)',
    ],
    // wrong types and values
    [rule('  continue: maybe'), '1.yaml:3:13 error must be true or false, not "maybe" (r.continue)'],
    [
      rule('  continue: false\n  notifiers: slack'),
      '1.yaml:4:14 error must be a list, not "slack"; write ["slack"] (r.notifiers)',
    ],
    [
      action('actionner: kubernetes:log\nparameters: {tail_lines: -1}'),
      '1.yaml:6:32 error must be at least 0, not -1 (r.actions[0].parameters.tail_lines)',
    ],
    [
      action('actionner: kubernetes:label\nparameters: {labels: {a: {b: c}}}'),
      '1.yaml:6:29 error must be a text, not a map (r.actions[0].parameters.labels.a)',
    ],
    [
      action('actionner: kubernetes:label\nparameters: {labels: {c: d, a/b: }}'),
      '1.yaml:6:35 error has no value; write "" for an empty text (r.actions[0].parameters.labels["a/b"])',
    ],
    [
      action('actionner: kubernetes:label\nparameters: {labels: {}}'),
      '1.yaml:6:20 error must have at least 1 entry (r.actions[0].parameters.labels)',
    ],
    [action('actionner: kubernetes:label'), '1.yaml:4:15 error labels is missing: labels to set (r.actions[0].action)'],
    [
      action('actionner: kubernetes:networkpolicy\nparameters: {allow_cidr: [10.0.0.0/8, all]}'),
      '1.yaml:6:45 error "all" is not a CIDR (r.actions[0].parameters.allow_cidr[1])',
    ],
    [
      action('actionner: kubernetes:networkpolicy\nparameters: {allow_cidr: [throw]}'),
      '1.yaml:6:7 error the parameters could not be checked: broken plugin (r.actions[0].parameters)',
    ],
    [
      action('parameters: []\nactionner: kubernetes:log'),
      '1.yaml:5:7 error must be a map of keys and values, not a list; write parameters: {NAME: VALUE} (r.actions[0].parameters)',
    ],
    // criteria
    [
      '- rule: r\n  match: {priority: ">="}',
      '1.yaml:2:21 error a priority must follow >= (allowed: Emergency, Alert, Critical, Error, Warning, Notice, Informational, Debug) (r.match.priority)',
    ],
    ['- rule: r\n  match: {tags: ["a,,b"]}', '1.yaml:2:20 error a tag is missing beside a comma (r.match.tags[0])'],
    [
      '- rule: r\n  match: {output_fields: [a=b, c]}',
      '1.yaml:2:32 error "c" has no operator; write it as in k8s.ns.name!=kube-system, proc.name=bash, and put values with commas in quotes (r.match.output_fields[1])',
    ],
    ['- rule: r\n  match: {rules: [""]}', '1.yaml:2:19 error must not be empty (r.match.rules[0])'],
    ['- rule: r\n  match: {rules: [a, ~]}', '1.yaml:2:22 error must be a text, not nothing (r.match.rules[1])'],
    [
      '- rule: r\n  match: everything',
      '1.yaml:2:10 error must be a map of keys and values, not "everything"; or the word all, for every event (r.match)',
    ],
    // names and blocks
    [
      rule('  actions: [{action: Labl}]\n- action: Label\n  actionner: kubernetes:log'),
      '1.yaml:3:22 error the action "Labl" has no actionner, and there is no shared action of this name; did you mean "Label"? (r.actions[0].action)',
    ],
    [
      rule('  actions: [{action: a}]\n- action: a'),
      '1.yaml:3:22 error neither this action nor the shared action "a" says which actionner to use (r.actions[0].action)',
    ],
    [
      rule('  actions: [{actionner: kubernetes:log}]'),
      '1.yaml:3:13 error an action begins with its name: - action: NAME (r.actions[0])',
    ],
    [
      rule('  actions:\n    - Label Pod\n    - {action: a, actionner: kubernetes:log}'),
      '1.yaml:4:7 error an action begins with its name: - action: NAME (r.actions[0])',
    ],
    ['- rule: r\r\n  match: all\r\n  bad: 1\r\n', `1.yaml:3:3 error unknown key "bad" (${RULE_KEYS}) (r.bad)`],
    ['- rule:\n  match: all', '1.yaml:1:3 error a rule begins with its name: - rule: NAME ([0])'],
    ['- rule: ""', '1.yaml:1:9 error must not be empty ([0].rule)'],
    [
      '- rule: "a\\nb"\n  continue: false\n  match: all',
      '1.yaml:1:9 error a name must not contain control characters (a\nb.rule)',
    ],
    [
      '- rule: "a\\u202Eb"\n  continue: false\n  match: all',
      '1.yaml:1:9 error a name must not contain control characters (a\u202eb.rule)',
    ],
    [
      '- rule: "a "\n  continue: false\n  match: all',
      '1.yaml:1:9 error a name must not begin or end with a space (a .rule)',
    ],
    [
      '- rules: x',
      '1.yaml:1:3 error a block begins with - rule:, - action:, - macro: or - list:; did you mean rule? ([0])',
    ],
    ['- x', '1.yaml:1:3 error a block begins with - rule:, - action:, - macro: or - list: ([0])'],
    ['rules: []', '1.yaml:1:1 error a rules file is a list of blocks, each beginning with - rule: or - action: ()'],
    [
      '- rule: Shell\n  desc: d\n  condition: evt.type = execve\n  output: o\n  priority: NOTICE',
      "1.yaml:1:3 error this is a rule of Falco itself; Falco Talon's rules refer to it by name under match.rules, and have conditions of their own under match.condition (Shell)",
    ],
    [
      action('actionner: kubernetes:log\ncontexts: [aws]\nadditional_contexts: [aws]'),
      '1.yaml:7:7 error contexts and additional_contexts are the same key; write one of them (r.actions[0].additional_contexts)',
    ],
  ])('%j', (text, problem) => {
    const { ruleSet, problems } = load(text);
    expect(shortProblems(problems.filter(({ severity }) => severity === 'error'))).toEqual([problem]);
    expect(ruleSet).toBeUndefined();
  });
});

describe('all errors of all files', () => {
  it('are reported at once, by file, line and column, with the warnings among them', () => {
    const { ruleSet, problems } = load(
      '- rule: b\n  match: {priority: Hihg, tags: [","]}\n  actions:\n    - {action: a, actionner: kubernetes:exe, continue: 5}\n    - {action: b, actionner: kubernetes:log, parameters: {tail_lines: x, y: z}}\n',
      '- rule: a\n- a: [\n',
      '- name: old\n  match: {rules: [x]}\n  action: {name: kubernetes:terminate}\n- rule: c\n  continue: false\n  notifiers: [none]\n',
    );
    expect(ruleSet).toBeUndefined();
    expect(problems.map(({ file, line, column, severity }) => `${file}:${line}:${column} ${severity}`)).toEqual([
      '1.yaml:2:21 error',
      '1.yaml:2:35 error',
      '1.yaml:4:30 error',
      '1.yaml:4:56 error',
      '1.yaml:5:71 error',
      '1.yaml:5:74 error',
      '2.yaml:3:1 error',
      '3.yaml:1:3 warning',
      '3.yaml:4:3 error',
      '3.yaml:6:15 error',
    ]);
  });

  it('are not followed by errors about what a broken file may have defined', () => {
    const { problems } = load('- action: a\n  actionner: [', '- rule: r\n  match: all\n  actions: [{action: a}]');
    expect(problems.map(({ file }) => file)).not.toContain('2.yaml');
  });
});

describe('hostile files', () => {
  it('never throw, and every problem has a place in its file', () => {
    const good = [
      '- action: a\n  actionner: kubernetes:label\n  parameters: &p {labels: {a: b}}\n',
      '- rule: r\n  match: {rules: [x], priority: ">=Info", tags: ["a, b"], output_fields: ["a=b, c!=d"]}\n',
      '  actions:\n    - action: a\n      parameters: *p\n    - {action: l, actionner: kubernetes:log, contexts: [aws],\n',
      '       output: {target: aws:s3, parameters: {bucket: b}}}\n  continue: false\n  notifiers: [slack]\n',
    ].join('');
    expect(load(good).problems).toEqual([]);
    const piece = fc.oneof(
      fc.constantFrom(
        ...Array.from('[]{}:,-#&*!|>\'"%@`~?\n \t0'),
        '\n- ',
        ': ',
        '<<: *p',
        '__proto__: ',
        '\u0000',
        '\ud800',
      ),
      fc.string(),
    );
    const cut = fc.record({ at: fc.nat(good.length), length: fc.nat(12), piece });
    fc.assert(
      fc.property(fc.array(cut, { minLength: 1, maxLength: 4 }), (cuts) => {
        const text = cuts.reduce((t, { at, length, piece: by }) => t.slice(0, at) + by + t.slice(at + length), good);
        const lines = text.split('\n');
        const { ruleSet, problems } = load(text);
        expect(ruleSet === undefined).toBe(problems.some(({ severity }) => severity === 'error'));
        for (const { line, column } of problems) {
          expect(lines[line - 1]).toBeDefined();
          expect(column).toBeGreaterThan(0);
          expect(column).toBeLessThanOrEqual(lines[line - 1]!.length + 1);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('leave the prototypes of the process alone', () => {
    const { ruleSet } = load(
      '- action: a\n  actionner: kubernetes:label\n  parameters: {labels: {__proto__: x, constructor: y}}\n',
      '- rule: __proto__\n  match: {rules: [__proto__], output_fields: ["__proto__=x"]}\n  actions:\n    - {action: a, parameters: {labels: {__proto__: z}}}\n',
    );
    const labels = ruleSet?.rules[0]?.actions[0]?.parameters['labels'] as object;
    expect(Object.entries(labels)).toEqual([
      ['__proto__', 'z'],
      ['constructor', 'y'],
    ]);
    expect(Object.getPrototypeOf(labels)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('find nothing under the name %s', (name) => {
    const { problems } = load(
      `- rule: r\n  ${name}: 1\n  match: {${name}: 1}\n  notifiers: [${name}]\n  actions: [{action: ${name}}, {action: b, actionner: ${name}, ${name}: 1}]`,
    );
    expect(problems.filter(({ severity }) => severity === 'error')).toHaveLength(6);
  });

  it('are refused when they cannot be text', () => {
    expect(
      load(Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString('latin1')).problems[0],
    ).toMatchObject({
      severity: 'error',
      message: expect.stringContaining('is this a text file?'),
    });
  });
});
