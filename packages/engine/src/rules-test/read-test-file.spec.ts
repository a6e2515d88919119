import { describe, expect, it } from 'vitest';
import { formatProblem } from '../rules/format-problem.ts';
import { shortProblems } from '../rules/testing-registry.ts';
import { readTestFile } from './read-test-file.ts';

function problems(text: string): string[] {
  const { file, problems: found } = readTestFile('t.yaml', text);
  expect(file === undefined).toBe(found.length > 0);
  return shortProblems(found);
}

describe('a test file', () => {
  it('is read with the place of everything in it', () => {
    const { file } = readTestFile(
      't.yaml',
      'rules: [a.yaml]\nevent: {priority: Notice}\ntests:\n  - test: one\n    event: {rule: r}\n    expect:\n      - rule: x\n        actions: [y]\n',
    );
    expect(file).toMatchObject({
      path: 't.yaml',
      rules: ['a.yaml'],
      event: { priority: 'Notice' },
      tests: [{ name: 'one', position: { file: 't.yaml', line: 4, column: 11 } }],
    });
    const [test] = file!.tests;
    expect(test!.at('expect', 0, 'actions', 0)).toMatchObject({ line: 8, column: 19 });
    expect(test!.at('expect', 0, 'notifiers')).toMatchObject({ line: 7, column: 9 });
    expect(test!.at('expect')).toMatchObject({ line: 6, column: 5 });
  });

  it.each([
    [
      '',
      [
        't.yaml:1:1 error a test file is a map with the key tests, a list of tests that each begin with - test: NAME ()',
      ],
    ],
    [
      '- rule: x',
      [
        't.yaml:1:1 error a test file is a map with the key tests; a list of rules is a rules file, which belongs under its key rules ()',
      ],
    ],
    ['tests: []', ['t.yaml:1:1 error must have at least 1 items (tests)']],
    ['{}', ['t.yaml:1:1 error tests is missing: Each an alert and what is expected of the rules. ()']],
    ['a: [', [expect.stringContaining('t.yaml:1:5 error')]],
    [
      'tests: [{test: a, evnt: {rule: r}, expect: none}]',
      [
        't.yaml:1:19 error unknown key "evnt"; did you mean event? (allowed here: test, description, event, event_file, expect, allow_others) (tests[0].evnt)',
      ],
    ],
    [
      'tests: [{test: a, event: {rule: r, prority: x}, expect: non}]',
      [
        't.yaml:1:36 error unknown key "prority"; did you mean priority? (allowed here: rule, priority, source, hostname, output, time, uuid, tags, output_fields, context) (tests[0].event.prority)',
        't.yaml:1:57 error must be one of none, not "non"; did you mean none? (tests[0].expect)',
      ],
    ],
    [
      'tests: [{test: a, event: {rule: r}, expect: {rule: x}}]',
      ['t.yaml:1:37 error must be a list, not a map (tests[0].expect)'],
    ],
    [
      'tests: [{test: a, event: {rule: r}, expect: [{rule: x, actions: [{acton: y}]}]}]',
      expect.arrayContaining([expect.stringContaining('unknown key "acton"; did you mean action?')]),
    ],
    [
      'tests: [{test: a, expect: none}]',
      ['t.yaml:1:16 error which alert is it about? write event with at least its rule, or event_file (tests[0].test)'],
    ],
    [
      'tests: [{test: a, event: {rule: r}}]',
      [expect.stringContaining('expect is missing: The rules that match, in order')],
    ],
    [
      'event: {rule: r}\ntests: [{test: a, expect: none}, {test: a, expect: [x, {rule: x}]}]',
      [
        't.yaml:2:41 error another test of this file is called "a" (tests[1].test)',
        expect.stringMatching(/^t\.yaml:2:56 error "x" is listed twice/),
      ],
    ],
  ])('that says %j is refused', (text, expected) => expect(problems(text)).toEqual(expected));

  it('may hold anything: it pollutes nothing, and is shown as text', () => {
    const hostile =
      'tests: [{test: "\\e[2J\\u202e", __proto__: {x: 1}, event: {rule: r, output_fields: {__proto__: {x: 1}}}, expect: none}]';
    const { problems: found } = readTestFile('t.yaml', hostile);
    expect(shortProblems(found)).toEqual([expect.stringContaining('unknown key "__proto__"')]);
    expect(formatProblem(found[0]!, hostile)).not.toContain('\u001b');
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
    expect(problems(`tests: ${'['.repeat(5000)}`)).toEqual([expect.stringContaining('nested too deeply')]);
  });
});
