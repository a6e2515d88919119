import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Document, isMap, isScalar, isSeq, Scalar, visit, type Node } from 'yaml';
import { rulesOf, shortProblems, testingRegistry } from '../testing-registry.ts';
import { migrateRules } from './migrate-rules.ts';
import type { RuleSet } from '../rule.ts';

const text = fc.string({ unit: fc.constantFrom(...Array.from('a=!,"\'\\ #:{}[]&*>|%@`\n\t-1é')) });
const name = fc
  .oneof(fc.string({ minLength: 1 }), fc.constantFrom('true', '1.10', '~', '>=x', '- a', 'a: b', '#c', '__proto__'))
  .filter((word) => word.trim() === word && word !== '' && !/[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/u.test(word));
const word = fc.string({ minLength: 1, maxLength: 5, unit: fc.constantFrom(...Array.from('abc_T1')) });
const value = fc.oneof(text, fc.nat(), fc.double({ noNaN: true }), fc.boolean(), fc.constantFrom('', '1.10', '010'));
const flag = fc.constantFrom(true, false, 'true', 'false');
const parameterKey = fc.constantFrom('parameters', 'arguments', 'options');

const labels = fc.dictionary(word, value, { minKeys: 1, maxKeys: 3 });
const action = fc.oneof(
  fc.tuple(fc.constantFrom('label', 'labelize', 'kubernetes:labelize'), fc.oneof(labels, fc.record({ labels }))),
  fc.tuple(
    fc.constantFrom('terminate', 'kubernetes:terminate'),
    fc.record({ gracePeriodSeconds: fc.nat(99), ignoreDaemonsets: flag }, { requiredKeys: [] }),
  ),
  fc.tuple(fc.constant('kubernetes:exec'), fc.record({ command: text })),
  fc.tuple(fc.constant('kubernetes:networkpolicy'), fc.record({ allow: fc.subarray(['10.0.0.0/8', '::/0']) })),
);
const fields = fc.oneof(
  fc.array(fc.constantFrom('a=b', 'a.b!=c, d="e, f"'), { maxLength: 2 }),
  fc.dictionary(word, value, { maxKeys: 3 }),
);
const oldRule = fc
  .record(
    {
      name,
      description: text,
      match: fc.record(
        {
          rules: fc.array(name, { maxLength: 2 }),
          priority: fc.constantFrom('>=Notice', 'info', '<Critical'),
          Source: fc.constantFrom('syscalls', 'k8s_audit'),
          tags: fc.array(word, { maxLength: 3 }),
          output_fields: fields,
        },
        { requiredKeys: [] },
      ),
      action: fc.tuple(action, parameterKey).map(([[actionner, given], key]) => ({ name: actionner, [key]: given })),
      before: flag,
      continue: flag,
      dry_run: flag,
      notifiers: fc.subarray(['slack', 'Webhook']),
    },
    { requiredKeys: ['name', 'match', 'action'] },
  )
  .chain((rule) => fc.shuffledSubarray(Object.entries(rule), { minLength: Object.keys(rule).length }))
  .map((entries) => Object.fromEntries(entries));

/** Quotes, flow and comments by turns, in every place they may stand. */
function styled(rules: readonly object[], choices: readonly number[]): string {
  const document = new Document(rules, { version: '1.2', schema: 'core', aliasDuplicateObjects: false });
  let turn = 0;
  const next = () => choices[turn++ % choices.length]!;
  visit(document, {
    Node(_, node: Node) {
      const choice = next();
      if (isScalar(node) && typeof node.value === 'string') node.type = styleOf(node.value, choice);
      if ((isMap(node) || isSeq(node)) && choice === 1) node.flow = true;
      if (choice === 2) node.commentBefore = ` before ${turn}`;
      if (choice === 3) node.comment = ` beside ${turn}`;
      if (choice === 4) node.spaceBefore = true;
    },
  });
  return document.toString({ lineWidth: 0, doubleQuotedMinMultiLineLength: Infinity });
}

/** Blocks for texts of several lines, if the printer gets them right. */
function styleOf(written: string, choice: number): Scalar.Type {
  if (!written.includes('\n')) return ([Scalar.PLAIN, Scalar.QUOTE_DOUBLE, Scalar.QUOTE_SINGLE] as const)[choice % 3]!;
  const breaks = /^\s|\s\n|\n\s*$/.test(written.replace(/\n$/, ''));
  return choice < 4 || breaks ? Scalar.QUOTE_DOUBLE : Scalar.BLOCK_LITERAL;
}

function migrate(text: string, ...more: readonly string[]) {
  const files = [text, ...more].map((one, index) => ({ path: `${index + 1}.yaml`, text: one }));
  const { migrated, problems } = migrateRules(files, testingRegistry);
  if (!migrated) throw new Error(shortProblems(problems).join('\n'));
  return migrated;
}

const withoutPositions = ({ rules }: RuleSet) => rules.map((rule) => ({ ...rule, position: undefined }));
const rules = fc.uniqueArray(oldRule, { minLength: 1, maxLength: 4, selector: (rule) => rule['name'] });
const choices = fc.array(fc.nat(9), { minLength: 5, maxLength: 60 });

it('migrated rules are the same rules, and every comment is there', () => {
  fc.assert(
    fc.property(rules, choices, (given, style) => {
      const old = styled(given, style);
      const { text: todays, files } = migrate(old);
      expect(withoutPositions(rulesOf(todays))).toEqual(withoutPositions(rulesOf(old)));
      expect(files).toEqual([{ path: '1.yaml', text: todays }]);
      expect(migrate(todays).files).toEqual([]);
      const comments = (yaml: string) => new Set(yaml.match(/# (before|beside) \d+/g));
      expect(comments(todays)).toEqual(comments(old));
    }),
    { numRuns: 40 },
  );
});

it('so they are when they stand in several files, beside rules in today’s syntax', () => {
  const shared = '- action: label\n  actionner: kubernetes:label\n  parameters: {labels: {shared: x}}\n';
  fc.assert(
    fc.property(rules, fc.nat(4), (given, at) => {
      const texts = [given.slice(0, at), given.slice(at)].map((part) => styled(part, [0]));
      const { text: todays, files, separable } = migrate(shared, ...texts);
      const expected = withoutPositions(rulesOf(shared, ...texts));
      expect(withoutPositions(rulesOf(todays))).toEqual(expected);
      const one = withoutPositions(rulesOf(shared, ...files.map((file) => file.text)));
      expect(separable).toBe(JSON.stringify(one) === JSON.stringify(expected));
    }),
    { numRuns: 40 },
  );
});
