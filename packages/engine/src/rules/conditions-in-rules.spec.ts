import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printCondition } from '../condition/print-condition.ts';
import { load, rulesOf, shortProblems } from './testing-registry.ts';

const conditionsOf = (...texts: readonly string[]) =>
  rulesOf(...texts).rules.map(({ match }) => match.condition && printCondition(match.condition));
const rule = (condition: string, name = 'r') =>
  `- rule: ${name}\n  continue: false\n  match:\n    condition: ${condition}\n`;
const problemsOf = (...texts: readonly string[]) => shortProblems(load(...texts).problems);

describe('a mistake in a condition stands in its line and column', () => {
  it.each([
    ['plain', 'a.b = x and priorty = y', '1.yaml:4:28'],
    ['after an anchor', '&c a.b = x and priorty = y', '1.yaml:4:31'],
    ['in single quotes', `'a.b = "it''s" and priorty = y'`, '1.yaml:4:35'],
    ['in double quotes', String.raw`"a.b = \"\u0041\x41\t\\\\\" and\tpriorty = y"`, '1.yaml:4:49'],
    ['in double quotes over lines', '"a.b = x \\\n      and\n\n      priorty = y"', '1.yaml:7:7'],
    ['plain over lines', 'a.b = x\n      and\n      priorty = y', '1.yaml:6:7'],
    ['literal', '|\n      a.b = x\n        and priorty = y', '1.yaml:6:13'],
    ['literal with an indicator', '|2-\n        a.b = x\n        and priorty = y', '1.yaml:6:13'],
    ['folded', '> # why\n      a.b = "x  y"\n\n      and  priorty = y\n', '1.yaml:7:12'],
    ['folded, with Windows line ends', '>-\r\n      a.b = x\r\n      and priorty = y', '1.yaml:6:11'],
    ['after a character of two units', "a.b = '😀😀' and priorty = y", '1.yaml:4:33'],
  ])('%s', (_, condition, place) => {
    const problems = problemsOf(rule(condition));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(`${place} error "priorty" is no field; did you mean priority?`);
    expect(problems[0]).toMatch(/\(r\.match\.condition\)$/);
  });

  it.each([
    ['a.b contains', '1.yaml:4:28'],
    ['"a.b contains"', '1.yaml:4:29'],
    ['|\n      a.b contains\n\n', '1.yaml:5:19'],
    ['>\n      a.b\n      contains   \n\n', '1.yaml:6:15'],
    ['a.b contains # why', '1.yaml:4:28'],
  ])('at its end too: %j', (condition, place) => {
    expect(problemsOf(rule(condition))).toEqual([
      `${place} error expected a value after "contains", found the end (r.match.condition)`,
    ]);
  });

  it('is told beside all others, of all files', () => {
    const problems = problemsOf(
      `${rule('a.b is x and (c.d in (y z) or tags = t)')}- macro: m\n  condition: proc.name regex "("\n`,
      `${rule('m and priority = Hgh', 's')}- rule: t\n  mtch: all\n`,
    );
    expect(problems.map((problem) => problem.split(/[;(]/)[0]!.trim())).toEqual([
      '1.yaml:4:20 error "is" is not an operator',
      '1.yaml:4:40 error expected , or ) in the list, found "z"',
      '1.yaml:4:51 error tags is a list, which = does not go with',
      '1.yaml:6:30 error not a regular expression: missing closing ): `',
      '2.yaml:4:33 error "Hgh" is not a priority',
      '2.yaml:5:9 warning this rule has no actions, so it does nothing',
      '2.yaml:6:3 error unknown key "mtch"',
    ]);
  });
});

describe('mutated files', () => {
  it('never throw, and every problem has a place in its file', () => {
    const seeds = [
      '- list: l\n  items: [a, "b c", k]\n- macro: m\n  condition: >\n    proc.name in (l)\n    or tags intersects ("x")\n',
      String.raw`- rule: r
  match: {condition: "m and not a.b = \"\\\u0041\" \
    and c.d in (l)"}
`,
      "- rule: s\n  match:\n    condition: 'priority >= Warning and e.f = \"it''s\"'\n- macro: m\n  append: true\n  condition: or n\n",
      '- macro: n\n  condition: &x |2-\n      output_fields[é😀] regex ".*"\n- rule: t\n  match:\n    condition: *x\n',
    ];
    const pieces = [
      ...Array.from('"\'\\()[]{}|>&*#:,=-\n\t\r '),
      'and ',
      'not ',
      '\\u00',
      '- macro: ',
      '- list: ',
      '  condition: ',
      'l',
      '😀',
      '\0',
    ];
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...seeds), { minLength: 1, maxLength: 3 }),
        fc.array(fc.tuple(fc.nat(400), fc.nat(4), fc.constantFrom(...pieces)), { maxLength: 4 }),
        (parts, changes) => {
          const text = changes.reduce(
            (all, [at, cut, piece]) => `${all.slice(0, at)}${piece}${all.slice(at + cut)}`,
            parts.join(''),
          );
          const lines = text.split('\n');
          for (const { line, column } of load(text).problems) {
            expect(column).toBeGreaterThan(0);
            expect(column).toBeLessThanOrEqual((lines[line - 1]?.length ?? -1) + 1);
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

describe('a condition in a rule', () => {
  it('holds beside the other criteria, and is a criterion', () => {
    const [only] = rulesOf('- rule: r\n  continue: false\n  match: {rules: [A], condition: priority >= Error}\n').rules;
    expect(only?.match.rules).toEqual(['A']);
    expect(only?.match.condition && printCondition(only.match.condition)).toBe('priority >= Error');
    expect(problemsOf(rule('priority >= Error'))).toEqual([]);
  });

  it('is replaced by that of a later block, and kept by one without', () => {
    expect(conditionsOf(rule('a.b = 1'), rule('a.b = 2'))).toEqual(['a.b = 2']);
    expect(conditionsOf(rule('a.b = 1'), '- rule: r\n  match: {priority: Error}\n')).toEqual(['a.b = 1']);
    expect(conditionsOf(rule('a.b = 1'), '- rule: r\n  match: {condition: }\n')).toEqual(['a.b = 1']);
    expect(conditionsOf(rule('a.b = 1'), '- rule: r\n  match: all\n')).toEqual([undefined]);
    expect(conditionsOf('- rule: r\n  continue: false\n  match: all\n', rule('a.b = 1'))).toEqual(['a.b = 1']);
  });

  it('that can hold for no alert is warned of', () => {
    expect(problemsOf('- rule: r\n  continue: false\n  match: {rules: [A], condition: rule = B}\n')).toEqual([
      '1.yaml:3:3 warning this rule never matches: its condition and its rules ask for different Falco rules at once (r.match)',
    ]);
    expect(problemsOf(rule('rule = A and rule = B'))).toEqual([
      '1.yaml:3:3 warning this rule never matches: its condition asks for different Falco rules at once (r.match)',
    ]);
  });

  it('must be a text', () => {
    expect(problemsOf(rule('[a.b = 1]'))[0]).toContain('1.yaml:4:5 error');
    expect(problemsOf(rule('""'))).toEqual(['1.yaml:4:17 error the condition is empty (r.match.condition)']);
  });
});
