import { isTalonError } from '@falco-talon/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatProblem } from '../rules/format-problem.ts';
import { judgeTest } from './judge-test.ts';
import { readTestFile } from './read-test-file.ts';
import { testEvent } from './test-event.ts';
import { trialOf } from './testing-rules-test.ts';

const FILE = `rules: [a.yaml, "b c.yaml"]
event: {priority: Notice, output_fields: {n: 1731945600482812345, "k8s.ns.name": shop}}
tests:
  - test: one
    event: &e {rule: r, tags: [a, b], output_fields: {x: [1, {y: null}]}}
    expect:
      - rule: a
        notifiers: [Slack]
        actions:
          - Keep
          - {action: Mark, exact: true, parameters: {labels: {a: "1", b: x}}, output: none, target: pod a/b}
      - b
  - test: two
    event: *e
    allow_others: true
    expect: none
`;
const PIECES = [
  'none',
  'expect:',
  '- ',
  '{',
  '}',
  '[',
  ']',
  ': ',
  '"',
  "'",
  '*e',
  '&e',
  '\n',
  '  ',
  '1e309',
  '__proto__',
  '~',
  '|',
  '\u0000',
  '\ud800',
  '!!x ',
  'rule',
  '0x1F',
  '\t',
];
const TRIAL = trialOf(`
- rule: a
  match: {tags: [a]}
  actions: [{action: Keep, actionner: kubernetes:log}, {action: Mark, actionner: kubernetes:label, parameters: {labels: {a: "1"}}}]
- {rule: b, match: {rules: [r]}, continue: false}
`);

const mutation = fc.tuple(
  fc.nat(FILE.length),
  fc.nat(8),
  fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 3 })),
);

it('whatever becomes of a test file, it is judged, or refused with a place in it', () => {
  let judged = 0;
  let refused = 0;
  fc.assert(
    fc.property(fc.array(mutation, { minLength: 1, maxLength: 2 }), (mutations) => {
      const text = mutations.reduce((old, [at, cut, piece]) => old.slice(0, at) + piece + old.slice(at + cut), FILE);
      const { file, problems } = readTestFile('t.yaml', text);
      for (const problem of problems) {
        expect(problem.line).toBeGreaterThan(0);
        // oxlint-disable-next-line no-control-regex -- they are what must not be there
        expect(formatProblem(problem, text)).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
      }
      expect(file === undefined).toBe(problems.length > 0);
      if (file) judged++;
      else refused++;
      for (const test of file?.tests ?? []) {
        try {
          for (const { position } of judgeTest(test, testEvent(file!.event, undefined, test.content.event), TRIAL)
            .differences)
            expect(position.line).toBeGreaterThan(0);
        } catch (error) {
          if (!isTalonError(error) || error.code !== 'invalid_event') throw error;
        }
      }
    }),
    { numRuns: 600 },
  );
  expect(judged).toBeGreaterThan(20);
  expect(refused).toBeGreaterThan(50);
  expect(Object.keys(Object.prototype)).toEqual([]);
});
