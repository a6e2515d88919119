import fc from 'fast-check';
import { PRIORITIES } from '@falco-talon/core';
import { describe, expect, it } from 'vitest';
import { eventOf } from '../match/testing-event.ts';
import { viewEvent } from '../match/event-view.ts';
import { createConditionCompiler } from './compile-condition.ts';
import type { Comparison, Expression, Operand } from './expression.ts';
import { printCondition } from './print-condition.ts';
import { quoteText, takeQuoted } from './quoted-text.ts';
import { createScanner } from './scanner.ts';
import { resolved } from './testing-condition.ts';

const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }).map((any) => any.toWellFormed()),
  fc.constantFrom(
    'and',
    'or',
    'not',
    'oneof',
    'exists',
    'a b',
    '5',
    'c.d',
    'val(x.y)',
    '\\',
    '"',
    "'",
    ']',
    '[',
    '(',
    '*',
  ),
);
const field: fc.Arbitrary<Operand> = fc
  .oneof(
    text,
    fc.constantFrom('a.b', 'proc.aname[2]', 'k8s.ns.label[a-b/c]', 'a.b[c', 'a.b]', 'a.b[[x]]', 'a.b[]', 'rule', 'a.'),
    text.map((argument) => `a.b[${argument}]`),
  )
  .map((name) => ({ kind: 'field', name, transformers: [] }));
const transformed = fc
  .tuple(field, fc.array(fc.constantFrom('tolower', 'toupper', 'basename', 'b64'), { maxLength: 3 }), fc.boolean())
  .map(([operand, transformers, length]): Operand => ({
    ...operand,
    transformers: length ? [...transformers, 'len'] : transformers,
  }));
const number = fc.oneof(
  fc.integer().map(String),
  fc.bigInt().map(String),
  fc.constantFrom('0.50', '-1.5', '+3', '0xfF', '1e+9', '5.'),
);
const comparison: fc.Arbitrary<Comparison> = fc.oneof(
  fc
    .tuple(field, fc.constantFrom('=', '!=', 'contains', 'icontains', 'startswith', 'endswith'), text)
    .map(([operand, operator, value]): Comparison => ({ kind: 'comparison', operand, operator, values: [value] })),
  fc
    .tuple(field, fc.constantFrom('in', 'intersects'), fc.array(text))
    .map(([operand, operator, values]): Comparison => ({ kind: 'comparison', operand, operator, values })),
  fc
    .tuple(field, fc.constantFrom('=', '!=', 'contains'), fc.constantFrom('oneof', 'anyof', 'allof'), fc.array(text))
    .map(([operand, operator, modifier, values]): Comparison => ({
      kind: 'comparison',
      operand,
      operator,
      modifier,
      values,
    })),
  fc
    .tuple(field, fc.constantFrom('<', '<=', '>', '>='), number)
    .map(([operand, operator, value]): Comparison => ({ kind: 'comparison', operand, operator, values: [value] })),
  fc
    .tuple(transformed, transformed)
    .map(([operand, other]): Comparison => ({ kind: 'comparison', operand, operator: '=', values: [], other })),
  transformed.map((operand): Comparison => ({ kind: 'comparison', operand, operator: 'exists', values: [] })),
  fc
    .tuple(fc.constantFrom('>=', '<', '=', '!='), fc.constantFrom(...PRIORITIES))
    .map(([operator, priority]): Comparison => ({
      kind: 'comparison',
      operand: { kind: 'own', name: 'priority', transformers: [] },
      operator,
      values: [priority],
    })),
);

function chain(kind: 'and' | 'or', parts: readonly Expression[]): Expression {
  return { kind, parts: parts.flatMap((part) => (part.kind === kind ? part.parts : [part])) };
}

const { condition } = fc.letrec<{ condition: Expression }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    comparison,
    fc.array(tie('condition'), { minLength: 2, maxLength: 3 }).map((parts) => chain('and', parts)),
    fc.array(tie('condition'), { minLength: 2, maxLength: 3 }).map((parts) => chain('or', parts)),
    tie('condition').map((part): Expression => (part.kind === 'not' ? part.part : { kind: 'not', part })),
  ),
}));

describe('a condition that is printed', () => {
  it('reads as the same condition', () => {
    fc.assert(
      fc.property(condition, (expression) => {
        expect(resolved(printCondition(expression))).toEqual(expression);
      }),
      { numRuns: 2_000 },
    );
  });

  it('means the same when macros were put in', () => {
    const comparisons = ['a', 'b', 'c'].map((name) => resolved(`output_fields[${name}] exists`));
    const { expression } = fc.letrec<{ expression: Expression }>((tie) => ({
      expression: fc.oneof(
        { maxDepth: 6, depthSize: 'medium' },
        fc.constantFrom(...comparisons),
        fc.tuple(tie('expression'), tie('expression')).map((parts): Expression => ({ kind: 'and', parts })),
        fc.tuple(tie('expression'), tie('expression')).map((parts): Expression => ({ kind: 'or', parts })),
        tie('expression').map((part): Expression => ({ kind: 'not', part })),
        tie('expression').map((part): Expression => ({ kind: 'macro', name: 'm', part })),
      ),
    }));
    const alerts = [
      '{}',
      '{"a":1}',
      '{"b":1}',
      '{"c":1}',
      '{"a":1,"b":1}',
      '{"a":1,"c":1}',
      '{"b":1,"c":1}',
      '{"a":1,"b":1,"c":1}',
    ];
    fc.assert(
      fc.property(expression, (given) => {
        const printed = printCondition(given);
        expect(printCondition(resolved(printed))).toBe(printed);
        const [before, after] = [given, resolved(printed)].map((one) => createConditionCompiler()(one));
        for (const alert of alerts) {
          const view = () => viewEvent(eventOf({ fields: alert }));
          expect(after!(view())).toBe(before!(view()));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('has its texts back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (any) => {
        expect(takeQuoted(createScanner(quoteText(any)))).toBe(any.toWellFormed());
      }),
      { numRuns: 1_000 },
    );
  });
});
