import { describe, expect, it } from 'vitest';
import { displayWidth } from './display-width.ts';
import { formatProblem, formatProblems } from './format-problem.ts';
import type { Problem } from './rule.ts';
import { load } from './testing-registry.ts';

const problem = (over: Partial<Problem> = {}): Problem => ({
  file: 'rules.yaml',
  line: 2,
  column: 5,
  severity: 'error',
  path: 'r.match',
  message: 'wrong',
  ...over,
});

describe('printing a problem', () => {
  it('says where and what, and shows the line with a caret', () => {
    expect(formatProblem(problem(), 'a: b\n  c: d\r\ne: f')).toBe(
      'rules.yaml:2:5: error: wrong (r.match)\n  2 |   c: d\n    |     ^',
    );
  });

  it('does without a path, a text, or a line that is not there', () => {
    expect(formatProblem(problem({ path: '', severity: 'warning' }))).toBe('rules.yaml:2:5: warning: wrong');
    expect(formatProblem(problem(), 'one line')).toBe('rules.yaml:2:5: error: wrong (r.match)');
  });

  it('puts the caret below the column behind tabs and escaped characters', () => {
    const lines = formatProblem(problem({ column: 4 }), 'x\n\t\u001b-a').split('\n');
    expect(lines[1]).toBe('  2 |   \\u{1b}-a');
    expect(lines[2]!.indexOf('^')).toBe(lines[1]!.indexOf('a'));
  });

  it('shows a part of a long line', () => {
    const lines = formatProblem(problem({ line: 1, column: 1001 }), `${'x'.repeat(1000)}HERE${'y'.repeat(1000)}`).split(
      '\n',
    );
    expect(lines[1]!.length).toBeLessThan(140);
    expect(lines[1]!.slice(lines[2]!.indexOf('^'))).toMatch(/^HEREy+…$/);
  });

  it.each<[string, Partial<Problem>, string, string]>([
    ['the whole value', { column: 4, length: 5 }, 'a: value # b', '   ^^^^^'],
    ['the first line of several', { column: 4, length: 40 }, 'a: one  \n  two', '   ^^^'],
    ['one column where nothing is', { column: 3, length: 0 }, 'a:', '  ^'],
    ['what is behind wide characters', { column: 8, length: 2 }, '日本: é\u0301 ok', '        ^^'],
    ['wide characters', { column: 1, length: 4 }, '日本👍: b', '^^^^^^'],
    ['escapes as they are printed', { column: 1, length: 2 }, '\u202ea', '^^^^^^^^^'],
  ])('underlines %s', (_, over, content, mark) => {
    const lines = formatProblem(problem({ line: 1, ...over }), content).split('\n');
    expect(lines[2]).toBe(`    | ${mark}`);
  });

  it('underlines no more of a long line than it shows, and cuts no character in half', () => {
    const text = `${'👍'.repeat(500)}${'x'.repeat(1000)}`;
    const [, shown = '', mark = ''] = formatProblem(problem({ line: 1, column: 961, length: 900 }), text).split('\n');
    expect(shown).toMatch(/^ {2}1 \| …(?:👍)+x+…$/u);
    expect(mark).toMatch(/\^+$/);
    expect(displayWidth(mark)).toBe(displayWidth(shown) - 1);
  });

  it('lets nothing in the file steer the terminal', () => {
    const text = formatProblem(problem({ path: 'a\u202eb', message: 'c\nd: error: faked' }), 'x\n\u001b[2Jy\u2028');
    expect(text).toBe(
      'rules.yaml:2:5: error: c\\nd: error: faked (a\\u{202e}b)\n  2 | \\u{1b}[2Jy\\u{2028}\n    |          ^',
    );
  });

  it('prints all problems of all files and counts them', () => {
    const files = [
      { path: '1.yaml', text: '- rule: r\n  match: all\n  contineu: false\n' },
      { path: '2.yaml', text: '- rule: s\n  match: {priority: x}\n  continue: false' },
    ];
    const { problems } = load(...files.map(({ text }) => text));
    expect(formatProblems(problems, files))
      .toBe(`1.yaml:1:9: warning: this rule has no actions, so it does nothing (r.rule)
  1 | - rule: r
    |         ^
1.yaml:3:3: error: unknown key "contineu"; did you mean continue? (allowed here: rule, description, match, actions, continue, dry_run, notifiers, override) (r.contineu)
  3 |   contineu: false
    |   ^^^^^^^^
2.yaml:2:21: error: "x" is not a priority (allowed: Emergency, Alert, Critical, Error, Warning, Notice, Informational, Debug) (s.match.priority)
  2 |   match: {priority: x}
    |                     ^
2 errors, 1 warning`);
    expect(formatProblems([], files)).toBe('');
  });
});
