import fc from 'fast-check';
import { PRIORITIES } from '@falco-talon/core';
import { expect, it } from 'vitest';
import { rulesOf } from '../rules/testing-registry.ts';
import { compileMatcher } from './matcher.ts';
import { conditionText, scan, type AlertGiven, type ConditionGiven, type RuleGiven } from './testing-scan.ts';
import { eventOf } from './testing-event.ts';

const ODD = ['__proto__', 'constructor', 'toString', 'a, b', 'x=y', '5', '5.0', 'true', 'null', '["A"]', '#5'] as const;
const few = fc.constantFrom('A', 'B', 'C');
const word = fc.oneof({ arbitrary: few, weight: 2 }, fc.constantFrom(...ODD));
const field = fc.constantFrom('k8s.ns.name', 'proc.name', 'a.list', '__proto__', 'constructor');
const source = fc.constantFrom('syscall', 'syscalls', 'k8s_audit', 'k8saudit', 'okta');
const priority = fc.constantFrom(...PRIORITIES);
const comparator = fc.constantFrom('<', '<=', '>', '>=', '=');
const words = fc.array(word, { maxLength: 3 });

const comparison: fc.Arbitrary<ConditionGiven> = fc.oneof(
  fc.record({
    field: fc.oneof(field, fc.constantFrom('rule', 'hostname')),
    operator: fc.constantFrom('=', '!=', 'startswith', 'contains'),
    values: fc.tuple(word),
  }),
  fc.record({ field, operator: fc.constantFrom('in', 'intersects'), values: words }),
  fc.record({ field, operator: fc.constantFrom('=', 'in'), values: fc.tuple(fc.constantFrom('5', '5.0', '5.50')) }),
  fc.record({ field, operator: fc.constant('exists'), values: fc.constant([]) }),
  fc.record({ field: fc.constant('rule'), operator: fc.constant('in'), values: words }),
  fc.record({ field: fc.constant('tags'), operator: fc.constantFrom('in', 'intersects'), values: words }),
  fc.record({ field: fc.constant('source'), operator: fc.constantFrom('=', '!='), values: fc.tuple(source) }),
  fc.record({ field: fc.constant('priority'), operator: comparator, values: fc.tuple(priority) }),
);
const { condition } = fc.letrec<{ condition: ConditionGiven }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3 },
    comparison,
    fc.record({ all: fc.array(tie('condition'), { minLength: 2, maxLength: 3 }) }),
    fc.record({ any: fc.array(tie('condition'), { minLength: 2, maxLength: 3 }) }),
    fc.record({ not: tie('condition') }),
  ),
}));

const list = <T>(item: fc.Arbitrary<T>, maxLength: number) => fc.array(item, { minLength: 1, maxLength });
const criteria = {
  rules: list(word, 3),
  priority: fc.tuple(comparator, priority),
  source,
  tags: list(list(few, 2), 2),
  fields: list(list(fc.record({ field, operator: fc.constantFrom('=', '=', '!='), value: word }), 2), 2),
  condition,
};
const rule: fc.Arbitrary<RuleGiven> = fc.record({
  // Few criteria in each, so that many rules match.
  match: fc.oneof(
    ...Object.entries(criteria).map(([key, given]) => fc.record({ [key]: given })),
    fc.record({ fields: criteria.fields, condition }),
    { arbitrary: fc.record({ condition: comparison }), weight: 5 },
    fc.record(criteria, { requiredKeys: [] }),
  ),
  continue: fc.integer({ min: 0, max: 9 }).map((n) => n > 0),
  /** The condition stands in a macro. */
  macro: fc.boolean(),
});

const value = fc.oneof(
  word,
  fc.constantFrom(5, 5.5),
  fc.constantFrom<unknown>(null, 5, 5.5, true, '', [], {}),
  fc.array(fc.oneof(word, fc.constantFrom<unknown>(5, true)), { minLength: 1, maxLength: 3 }),
);
const alert: fc.Arbitrary<AlertGiven> = fc.record({
  rule: fc.oneof(few, word),
  priority: fc.oneof(priority, fc.constantFrom('', 'Severe', '__proto__')),
  source: fc.oneof(source, fc.constant('')),
  hostname: fc.oneof(word, fc.constant('')),
  tags: fc.oneof(
    fc.array(word, { maxLength: 4 }),
    few.map((tag) => Array.from({ length: 20 }, (_, n) => (n % 2 ? tag : `t${n}`))),
  ),
  fields: fc.uniqueArray(fc.tuple(field, value), { selector: ([name]) => name, maxLength: 5 }),
});

function rulesText(rules: readonly RuleGiven[]): string {
  return rules
    .map(({ match, continue: goesOn, macro }, n) => {
      const { rules: names, priority: limit, source: from, tags, fields, condition: given } = match;
      const text = given && conditionText(given);
      const declared = macro && text !== undefined ? `- { macro: m${n}, condition: ${JSON.stringify(text)} }\n` : '';
      const criteria = {
        ...(names && { rules: names }),
        ...(limit && { priority: limit.join('') }),
        ...(from !== undefined && { source: from }),
        ...(tags && { tags: tags.map((group) => group.join(', ')) }),
        ...(fields && {
          output_fields: fields.map((group) =>
            group.map((one) => `${one.field}${one.operator}"${one.value.replaceAll('"', '\\"')}"`).join(', '),
          ),
        }),
        ...(text !== undefined && { condition: macro ? `m${n}` : text }),
      };
      return `${declared}- { rule: r${n}, continue: ${goesOn}, match: ${Object.keys(criteria).length > 0 ? JSON.stringify(criteria) : 'all'} }\n`;
    })
    .join('');
}

function eventGiven({ fields, ...rest }: AlertGiven) {
  const texts = fields.map(([name, given]) => `${JSON.stringify(name)}:${JSON.stringify(given)}`);
  return eventOf({ ...rest, fields: `{${texts.join(',')}}` });
}

it('the index, a look at every rule in order, and the sentences of the guide come to the same', () => {
  fc.assert(
    fc.property(
      fc.array(rule, { maxLength: 30 }),
      fc.array(alert, { minLength: 1, maxLength: 12 }),
      (rules, alerts) => {
        const matcher = compileMatcher(rulesOf(rulesText(rules)));
        for (const given of alerts) {
          const event = eventGiven(given);
          const expected = scan(rules, given).map((n) => `r${n}`);
          expect(matcher.match(event).map(({ name }) => name)).toEqual(expected);
          const explained = matcher.explain(event).filter(({ matched }) => matched);
          expect(explained.map(({ rule: name }) => name)).toEqual(expected);
        }
      },
    ),
    { numRuns: 400 },
  );
});
