import { describe, expect, it } from 'vitest';
import { shortProblems, testingRegistry } from '../testing-registry.ts';
import { migrateRules } from './migrate-rules.ts';

function migrate(...texts: readonly string[]) {
  const files = texts.map((text, index) => ({ path: `${index + 1}.yaml`, text }));
  const { migrated, problems } = migrateRules(files, testingRegistry);
  if (!migrated) throw new Error(shortProblems(problems).join('\n'));
  return migrated;
}

describe('migrating old rules', () => {
  it('keeps words, quotes and comments, and changes what has another form today', () => {
    const { text, reordered } = migrate(`# The team's rules
# since 2022

# seen in production
- name: Mark it # by hand
  match:
    # the shell rules
    rules: [Terminal shell in container, 'Attach/Exec Pod']
    priority: ">=Notice" # not less
    output_fields:
      k8s.ns.name: prod
      proc.cmdline: sh -c "a, b"
  # what is done
  action:
    name: kubernetes:labelize
    # the labels
    arguments:
      suspicious: "true" # a text
      build: 1.10
  notifiers: [slack]

- name: Kill it
  match: {rules: [Terminal shell in container]}
  action: {name: terminate, options: {gracePeriodSeconds: 5}}
  continue: "true"
# the end
`);
    expect(reordered).toBe(false);
    expect(text).toBe(`# The team's rules
# since 2022

# seen in production
- rule: Mark it # by hand
  match:
    # the shell rules
    rules: [Terminal shell in container, 'Attach/Exec Pod']
    priority: ">=Notice" # not less
    output_fields:
      - k8s.ns.name=prod, proc.cmdline="sh -c \\"a, b\\""
  # what is done
  actions:
    - action: label
      actionner: kubernetes:label
      # the labels
      parameters:
        labels:
          suspicious: "true" # a text
          build: 1.10
  notifiers: [slack]

- rule: Kill it
  match: {rules: [Terminal shell in container]}
  actions:
    - {action: terminate, actionner: kubernetes:terminate, parameters: {grace_period_seconds: 5}}
  continue: "true"

# the end
`);
  });

  it('puts rules in their turn, with comments; what stands above and below all of them stays there', () => {
    const { text, reordered } = migrate(`# about the file

# about the rest
- name: rest
  match: {rules: [A]}
  action: {name: kubernetes:log} # the log

# about the kill
- name: kill
  match: {rules: [A]}
  action: {name: kubernetes:terminate}
# about the policy
- name: isolate
  match: {rules: [A]}
  before: true # so that it is isolated
  # but why
  continue: false
  action: {name: kubernetes:networkpolicy}
# below all
`);
    expect(reordered).toBe(true);
    expect(text).toBe(`# about the file

# about the policy
- rule: isolate
  match: {rules: [A]}
  actions:
    - {action: networkpolicy, actionner: kubernetes:networkpolicy}
  # so that it is isolated
  # but why

# about the kill
- rule: kill
  match: {rules: [A]}
  actions:
    - {action: terminate, actionner: kubernetes:terminate}
  continue: false

# about the rest
- rule: rest
  match: {rules: [A]}
  actions:
    - {action: log, actionner: kubernetes:log} # the log

# below all
`);
  });

  it('keeps texts of several lines', () => {
    const { text } = migrate(`- name: a
  description: one

    two
  match: {rules: [A]}
  action:
    name: kubernetes:exec
    parameters:
      command: |
        if true; then
          id
        fi
  notifiers:
`);
    expect(text).toBe(`- rule: a
  description: "one\\ntwo"
  match: {rules: [A]}
  actions:
    - action: exec
      actionner: kubernetes:exec
      parameters:
        command: |
          if true; then
            id
          fi
  notifiers:
`);
  });

  it('writes aliases out, as what they stand for may come later now', () => {
    const { text } = migrate(`- name: rest
  match: &shell {rules: &names [A]} # all
  action: {name: kubernetes:log}
- name: kill
  match: *shell
  action: {name: kubernetes:terminate}
- name: first
  match: {rules: *names}
  before: true
  action: {name: kubernetes:log}
`);
    expect(text).toBe(`- rule: first
  match: {rules: [A]}
  actions:
    - {action: log, actionner: kubernetes:log}
- rule: kill
  match: {rules: [A]} # all
  actions:
    - {action: terminate, actionner: kubernetes:terminate}
  continue: false
- rule: rest
  match: {rules: [A]} # all
  actions:
    - {action: log, actionner: kubernetes:log}
`);
  });

  it('prints all files as one, and each file by itself when that comes to the same', () => {
    const rest = '- name: rest\n  match: all\n  action: {name: kubernetes:log}\n';
    const kill = '- name: kill\n  match: all\n  action: {name: kubernetes:terminate}\n';
    const todays = '# mine\n- rule: new\n  match: all\n  dry_run: true\n';
    const migrated = migrate(todays, kill, rest);
    expect(migrated.separable).toBe(true);
    expect(migrated.files.map(({ path }) => path)).toEqual(['2.yaml', '3.yaml']);
    expect(migrated.text).toBe(`${todays}${migrated.files[0]!.text}${migrated.files[1]!.text}`);
    expect(migrate(todays, rest, kill).separable).toBe(false);
    const unformatted = "-   {rule: 'new',match: all,  dry_run: true}";
    expect(migrate(unformatted)).toMatchObject({ text: unformatted, files: [], separable: true, reordered: false });
  });

  it('gives the problems of the rules, without the advice to do what is being done', () => {
    const text = '- name: a\n  match: {rules: [A]}\n  wait: 1\n  action: {name: kubernetes:log}\n  weight: 3\n';
    const { migrated, problems } = migrateRules([{ path: '1.yaml', text }], testingRegistry);
    expect(migrated).toBeUndefined();
    expect(problems.map(({ line, severity }) => `${line} ${severity}`)).toEqual(['3 error', '5 warning']);
  });
});
