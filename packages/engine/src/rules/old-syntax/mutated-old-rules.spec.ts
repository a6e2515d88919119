import { expect, it } from 'vitest';
import { createRandom, mutate } from '../../condition/testing-mutations.ts';
import { loadRules } from '../load-rules.ts';
import { testingRegistry } from '../testing-registry.ts';
import { migrateRules } from './migrate-rules.ts';

/** `OLD_RULE_MUTATIONS=100000 vitest run mutated-old-rules` tries more of them. */
const ROUNDS = Number(process.env['OLD_RULE_MUTATIONS'] ?? 250);

const SEED = `# top
- name: Mark # it
  match: &all
    rules: [A, "B"]
    tags: [a, b]
    output_fields: {k8s.ns.name: prod, __proto__: 1.10}
    Source: syscalls
  action:
    name: kubernetes:labelize
    arguments: {a: "b", constructor: 010, c: ""}
  continue: "false"
- name: Kill
  match: *all
  before: true
  action: {name: terminate, options: {gracePeriodSeconds: 5, ignoreDaemonsets: true}}
- name: Cut
  match: {output_fields: [a!=b, 'c="d, e"'], priority: ">=Notice"}
  notifiers: [slack]
  action:
    name: kubernetes:exec
    parameters:
      command: |
        id
          -u
`;
const PIECES = [
  ...Array.from(':-{}[]&*#"\'|>!,\n\t\0~\u00e9 '),
  ...' # c\n|# c\n|\n\n|\n- name: |\n- rule: |name: |action: |*all|&all |null|\n    |parameters: |labels: |__proto__|- - |? |: |<<: *all'.split(
    '|',
  ),
];

it(
  'whatever is done to old rules, they load and migrate to the same, or each mistake has a place',
  { timeout: 600_000 },
  () => {
    const random = createRandom();
    let migratedOnes = 0;
    for (let round = 0; round < ROUNDS; round++) {
      let text = SEED;
      for (let times = random(3); times >= 0; times--) text = mutate(text, PIECES, random);
      const { migrated, problems } = migrateRules([{ path: 'old.yaml', text }], testingRegistry);
      for (const { line, column } of problems) if (line < 1 || column < 1) throw new Error(`no place in ${text}`);
      if (!migrated) {
        if (!problems.some(({ severity }) => severity === 'error')) throw new Error(`no error in ${text}`);
        continue;
      }
      migratedOnes++;
      const rulesOf = (yaml: string) =>
        loadRules([{ path: 'x.yaml', text: yaml }], testingRegistry).ruleSet?.rules.map((rule) => ({
          ...rule,
          position: undefined,
        }));
      expect(rulesOf(migrated.text), text).toEqual(rulesOf(text));
    }
    expect(migratedOnes).toBeGreaterThan(ROUNDS / 40);
    expect(Object.keys(Object.prototype)).toEqual([]);
  },
);
