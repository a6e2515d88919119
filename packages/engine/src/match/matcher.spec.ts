import fc from 'fast-check';
import { PRIORITIES } from '@falco-talon/core';
import { describe, expect, it } from 'vitest';
import type { Expression } from '../condition/expression.ts';
import { resolved } from '../condition/testing-condition.ts';
import type { Rule } from '../rules/rule.ts';
import { rulesOf } from '../rules/testing-registry.ts';
import { compileMatcher } from './matcher.ts';
import { eventOf } from './testing-event.ts';

describe('the order of rules', () => {
  const rule = (name: string, match: string, more = '') => `- rule: ${name}\n  match: ${match}\n${more}`;
  const stop = '  continue: false\n';
  const names = (text: string) =>
    compileMatcher(rulesOf(text))
      .match(eventOf({ rule: 'X' }))
      .map(({ name }) => name);

  it("is the files' order, whether rules name Falco's rules or not", () => {
    expect(
      names(rule('a', 'all') + rule('b', '{rules: [X]}') + rule('c', 'all') + rule('d', '{rules: [Y, X]}')),
    ).toEqual(['a', 'b', 'c', 'd']);
  });

  it('ends after a rule that matched and has continue: false', () => {
    const text =
      rule('a', '{rules: [Y]}', stop) + rule('b', 'all') + rule('c', '{rules: [X]}', stop) + rule('d', 'all');
    expect(names(text)).toEqual(['b', 'c']);
    expect(
      compileMatcher(rulesOf(text))
        .explain(eventOf({ rule: 'X' }))
        .map(({ rule: name, evaluated, matched }) => [name, evaluated, matched]),
    ).toEqual([
      ['a', true, false],
      ['b', true, true],
      ['c', true, true],
      ['d', false, false],
    ]);
  });
});

describe('explaining', () => {
  it('names each criterion, what it wants, and what the event has', () => {
    const matcher = compileMatcher(
      rulesOf(
        '- rule: r\n  continue: false\n  match: {rules: [X, Y], priority: ">=Warning", source: syscall, tags: ["a,b", c], output_fields: ["evt.time=1731945600482812345, proc.name!=bash", "x=1"]}',
      ),
    );
    const event = eventOf({
      rule: 'X',
      priority: 'Severe',
      tags: ['c'],
      fields: '{"evt.time":1731945600482812345,"x":null}',
    });
    expect(matcher.explain(event)).toEqual([
      {
        rule: 'r',
        evaluated: true,
        matched: false,
        criteria: [
          { criterion: 'rules', expected: ['X', 'Y'], actual: 'X', holds: true },
          { criterion: 'priority', expected: '>=Warning', actual: 'Severe', holds: false },
          { criterion: 'source', expected: 'syscall', actual: 'syscall', holds: true },
          { criterion: 'tags', expected: ['a, b', 'c'], actual: ['c'], holds: true },
          {
            criterion: 'output_fields',
            expected: ['evt.time=1731945600482812345, proc.name!=bash', 'x=1'],
            actual: { 'evt.time': '1731945600482812345', 'proc.name': null, x: null },
            holds: true,
          },
        ],
      },
    ]);
  });
});

describe('the index', () => {
  const word = fc.constantFrom('A', 'B', 'C');
  const comparison = fc
    .constantFrom(
      'rule = A',
      'rule in (A, C)',
      'rule in ()',
      'rule != B',
      'rule = anyof (B, C)',
      'tolower(rule) = b',
      'source = okta',
      'tags intersects (A)',
      'priority >= Error',
      'output_fields[A] = B',
      'output_fields[B] exists',
    )
    .map(resolved);
  const macro = (part: Expression): Expression => ({ kind: 'macro', name: 'm', part });
  const { condition } = fc.letrec<{ condition: Expression }>((tie) => ({
    condition: fc.oneof(
      { maxDepth: 3 },
      comparison,
      fc
        .tuple(fc.constantFrom('and', 'or'), fc.array(tie('condition'), { minLength: 2, maxLength: 3 }))
        .map(([kind, parts]): Expression => ({ kind, parts })),
      tie('condition').map((part): Expression => ({ kind: 'not', part })),
      tie('condition').map(macro),
    ),
  }));
  const rule: fc.Arbitrary<Omit<Rule, 'name'>> = fc.record({
    description: fc.constant(''),
    position: fc.constant({ file: '', line: 1, column: 1 }),
    match: fc.record(
      {
        rules: fc.array(word, { maxLength: 3 }),
        priority: fc.record({
          comparator: fc.constantFrom('<', '<=', '>', '>=', '='),
          priority: fc.constantFrom(...PRIORITIES),
        }),
        source: fc.constantFrom('syscall', 'okta'),
        tags: fc.array(fc.array(word, { minLength: 1, maxLength: 2 }), { maxLength: 2 }),
        outputFields: fc.array(
          fc.array(fc.record({ field: word, operator: fc.constantFrom('=', '!='), value: word }), { minLength: 1 }),
          { maxLength: 1 },
        ),
        condition,
      },
      { requiredKeys: ['rules', 'tags', 'outputFields'] },
    ),
    actions: fc.constant([]),
    continue: fc.boolean(),
    dryRun: fc.constant(false),
    notifiers: fc.constant([]),
  });
  const event = fc
    .record({
      rule: fc.constantFrom('A', 'B', 'C', 'D'),
      priority: fc.constantFrom(...PRIORITIES, ''),
      source: fc.constantFrom('syscall', 'okta'),
      tags: fc.array(word),
      fields: fc.dictionary(word, fc.option(word)).map((fields) => JSON.stringify(fields)),
    })
    .map(eventOf);

  it('finds what trying every rule in order finds', () => {
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 12 }), event, (items, given) => {
        const rules = items.map((item, index) => ({ ...item, name: `r${index}` }));
        const matcher = compileMatcher({ version: '', rules });
        const tried = matcher.explain(given);
        expect(matcher.match(given).map(({ name }) => name)).toEqual(
          tried.filter(({ matched }) => matched).map(({ rule: name }) => name),
        );
        // Each verdict is that of the rule alone, up to the first that ends the search.
        const alone = rules.map((one) => compileMatcher({ version: '', rules: [one] }).match(given).length === 1);
        const end = rules.findIndex((one, index) => alone[index] && !one.continue);
        const reached = end === -1 ? rules.length : end + 1;
        expect(tried.map(({ evaluated }) => evaluated)).toEqual(rules.map((_, index) => index < reached));
        expect(tried.slice(0, reached).map(({ matched }) => matched)).toEqual(alone.slice(0, reached));
      }),
      { numRuns: 1_000 },
    );
  });

  it('looks at no rule whose condition is about other alerts', () => {
    const read: string[] = [];
    const rules = Array.from({ length: 1_000 }, (_, n) => ({
      name: `r${n}`,
      description: '',
      position: { file: '', line: 1, column: 1 },
      match: { rules: [], tags: [], outputFields: [], condition: resolved(`f.f${n} = x and rule in (F${n}, G)`) },
      actions: [],
      continue: true,
      dryRun: false,
      notifiers: [],
    }));
    const fields = new Map<string, unknown>([['f.f500', 'x']]);
    const get = fields.get.bind(fields);
    fields.get = (field) => {
      read.push(field);
      return get(field);
    };
    const matched = compileMatcher({ version: '', rules }).match({ ...eventOf({ rule: 'F500' }), fields });
    expect(matched.map(({ name }) => name)).toEqual(['r500']);
    expect(new Set(read)).toEqual(new Set(['f.f500']));
  });

  it('tries a macro once per alert, however many rules use it', () => {
    const reads: string[] = [];
    const part = resolved('f.a contains x or f.b contains x');
    const rules = Array.from({ length: 50 }, (_, n) => ({
      name: `r${n}`,
      description: '',
      position: { file: '', line: 1, column: 1 },
      match: { rules: [], tags: [], outputFields: [], condition: { kind: 'not' as const, part: macro(part) } },
      actions: [],
      continue: true,
      dryRun: false,
      notifiers: [],
    }));
    const fields = new Map<string, unknown>();
    fields.get = (field) => void reads.push(field);
    const matcher = compileMatcher({ version: '', rules });
    expect(matcher.match({ ...eventOf(), fields })).toHaveLength(50);
    expect(reads).toEqual(['f.a', 'f.b']);
    matcher.match({ ...eventOf(), fields });
    expect(reads).toHaveLength(4);
  });

  it('looks at no rule that names other alerts', () => {
    const read: string[] = [];
    const rules = Array.from({ length: 10_000 }, (_, n) => ({
      name: `r${n}`,
      description: '',
      position: { file: '', line: 1, column: 1 },
      match: { rules: [`F${n}`], tags: [], outputFields: [[{ field: `f${n}`, operator: '=' as const, value: 'x' }]] },
      actions: [],
      continue: true,
      dryRun: false,
      notifiers: [],
    }));
    const fields = new Map<string, unknown>([['f5000', 'x']]);
    const get = fields.get.bind(fields);
    fields.get = (field) => {
      read.push(field);
      return get(field);
    };
    const matched = compileMatcher({ version: '', rules }).match({ ...eventOf({ rule: 'F5000' }), fields });
    expect(matched.map(({ name }) => name)).toEqual(['r5000']);
    expect(read).toEqual(['f5000']);
  });

  it('turns a large value into text once, however many rules look at it', () => {
    let texts = 0;
    const value = { toJSON: () => `text ${++texts}` };
    const rules = Array.from({ length: 50 }, (_, n) => `- rule: r${n}\n  match: {output_fields: [f=x]}\n`).join('');
    compileMatcher(rulesOf(rules)).match({ ...eventOf(), fields: new Map([['f', value]]) });
    expect(texts).toBe(1);
  });
});
