import { describe, expect, it } from 'vitest';
import { printCondition } from '../condition/print-condition.ts';
import { load, rulesOf, shortProblems } from './testing-registry.ts';

const rule = (condition: string) => `- rule: r\n  continue: false\n  match:\n    condition: ${condition}\n`;
const macro = (name: string, condition: string, more = '') => `- macro: ${name}\n  condition: ${condition}\n${more}`;
const list = (name: string, items: string, more = '') => `- list: ${name}\n  items: ${items}\n${more}`;
const problemsOf = (...texts: readonly string[]) => shortProblems(load(...texts).problems);

function conditionOf(...texts: readonly string[]): string | undefined {
  const [first] = rulesOf(...texts).rules;
  return first?.match.condition && printCondition(first.match.condition);
}

describe('macros and lists', () => {
  it.each<[string, ...string[]]>([
    ['a.b = 1', macro('m', 'a.b = 1'), rule('m')],
    ['a.b = 1 and not (a.b = 2 or a.b = 3)', macro('m', 'a.b = 2 or a.b = 3'), rule('a.b = 1 and not m')],
    // before they are declared, and in other files
    ['a.b = 1', rule('m'), macro('m', 'n'), macro('n', 'a.b = 1')],
    ['a.b in (x, y)', list('l', '[x, y]'), rule('a.b in (l)')],
    ['a.b in (x, y)', list('l', '[x, y]'), rule('a.b in l')],
    ['a.b in (w, x, y, z)', list('l', '[x, y]'), rule('a.b in (w, l, z)')],
    ['a.b intersects (x)', list('l', '[x]'), rule('a.b intersects (l)')],
    ['a.b contains anyof (x)', list('l', '[x]'), rule('a.b contains anyof l')],
    ['a.b in (x, y, z)', list('l', '[x, inner]'), list('inner', '[y, z, x]'), rule('a.b in (l)')],
    ['a.b in ()', list('l', '[]'), rule('a.b in (l)')],
    ['a.b in (l)', list('l', '[x]'), rule('a.b in ("l")')],
    ['a.b in (x)', macro('m', 'a.b in (l)'), list('l', '[x]'), rule('m')],
    // items as Falco takes them
    ['a.b in (80, true, "a b", "c,d", "e\\"f")', list('l', `[80, true, a b, '"c,d"', "'e\\"f'"]`), rule('a.b in (l)')],
    ['priority in (Error, Informational)', list('l', '[error, info]'), rule('priority in (l)')],
    // a later one replaces, or goes on
    ['a.b = 2', macro('m', 'a.b = 1'), macro('m', 'a.b = 2'), rule('m')],
    ['a.b = 1 or a.b = 2', macro('m', 'a.b = 1'), macro('m', 'or a.b = 2', '  append: true\n'), rule('m')],
    [
      'a.b = 1 or a.b = 2',
      macro('m', 'a.b = 1'),
      macro('m', 'or a.b = 2', '  override: {condition: append}\n'),
      rule('m'),
    ],
    ['a.b = 2', macro('m', 'a.b = 1'), macro('m', 'a.b = 2', '  override: {condition: replace}\n'), rule('m')],
    ['a.b in (y)', list('l', '[x]'), list('l', '[y]'), rule('a.b in (l)')],
    ['a.b in (x, y)', list('l', '[x]'), list('l', '[y]', '  append: true\n'), rule('a.b in (l)')],
    ['a.b in (x, y)', list('l', '[x]'), list('l', '[y]', '  override: {items: append}\n'), rule('a.b in (l)')],
  ])('%s', (expected, ...texts) => {
    expect(conditionOf(...texts)).toBe(expected);
    expect(conditionOf(texts.join(''))).toBe(expected);
  });

  it.each<[string, ...string[]]>([
    [rule('sel'), '1.yaml:4:16 error unknown macro "sel" (none is declared) (r.match.condition)'],
    [
      macro('shell', 'a.b = 1') + rule('not shel'),
      '1.yaml:6:20 error unknown macro "shel"; did you mean shell? (declared: shell) (r.match.condition)',
    ],
    [list('l', '[x]') + rule('l'), '1.yaml:6:16 error l is a list; write: field in (l) (r.match.condition)'],
    [
      list('l', '[x]') + rule('a.b = l'),
      '1.yaml:6:22 error l is a list; write in (l), or "l" for the text (r.match.condition)',
    ],
    [
      list('shell_binaries', '[x]') + rule('a.b in (shel_binaries)'),
      '1.yaml:6:24 warning shel_binaries is no list and is taken as a text; did you mean shell_binaries? Put it in quotes if the text is meant (r.match.condition)',
    ],
    [
      macro('m', 'a.b like x') + rule('m'),
      '1.yaml:2:18 error "like" is not an operator; did you mean glob? (operators: = != < <= > >= exists in intersects pmatch contains icontains startswith endswith glob iglob regex) (m.condition)',
    ],
    [
      macro('m', 'n') + macro('n', 'not (o)') + macro('o', 'm') + rule('m'),
      '1.yaml:1:10 error contains itself: m → n → o → m (m.macro)',
    ],
    [macro('m', 'm'), '1.yaml:1:10 error contains itself: m → m (m.macro)'],
    [list('k', '[l]') + list('l', '[k]') + rule('a.b in (k)'), '1.yaml:1:9 error contains itself: k → l → k (k.list)'],
    // a macro and a list may have one name
    [macro('x', 'a.b in (x)') + list('x', '[y]') + rule('x')],
    [
      macro('rule', 'a.b = 1'),
      '1.yaml:1:10 error rule has a meaning of its own in conditions; give the macro another name (rule.macro)',
    ],
    [
      macro('a-b', 'a.b = 1'),
      "1.yaml:1:10 error a macro's name is letters, digits and _, and begins with a letter (a-b.macro)",
    ],
    [list('a b', '[]'), "1.yaml:1:9 error a list's name has no blanks, quotes, parentheses, = and commas (a b.list)"],
    ['- macro: m\n', '1.yaml:1:10 error a macro needs a condition (m.macro)'],
    ['- list: l\n', '1.yaml:1:9 error a list needs items; write items: [] for an empty one (l.list)'],
    ['- macro:\n  condition: a.b = 1\n', '1.yaml:1:3 error a macro begins with its name: - macro: NAME ([0])'],
    [
      '- macro: m\n  conditon: a.b = 1\n',
      '1.yaml:2:3 error unknown key "conditon"; did you mean condition? (allowed here: macro, condition, append, override) (m.conditon)',
    ],
    [
      macro('m', 'a.b = 1', '  override: {condition: add}\n'),
      '1.yaml:3:25 error must be one of append, replace, not "add" (m.override.condition)',
    ],
    [list('l', `['"x']`), '1.yaml:2:11 error the quote " is not closed (l.items[0])'],
    [list('l', `['"x"y']`), '1.yaml:2:11 error the item goes on after its closing quote (l.items[0])'],
    [
      list('l', '[high]') + rule('priority in (l)'),
      '1.yaml:6:29 error "high" is not a priority (allowed: Emergency, Alert, Critical, Error, Warning, Notice, Informational, Debug) (r.match.condition)',
    ],
  ])('%j', (text, ...expected) => {
    expect(problemsOf(text)).toEqual(expected);
  });

  it('are shared by the rules that name them, however long', () => {
    const texts = [list('l', '[x, y]'), rule('a.b in (l)'), rule('not c.d in l').replace('rule: r', 'rule: s')];
    const [first, second] = rulesOf(...texts).rules.map(({ match }) => match.condition);
    const values = [first, second?.kind === 'not' ? second.part : undefined].map((part) =>
      part?.kind === 'comparison' ? part.values : undefined,
    );
    expect(values[0]).toEqual(['x', 'y']);
    expect(values[1]).toBe(values[0]);
  });

  it('that stand in an appended piece have their place there', () => {
    expect(problemsOf(macro('m', 'a.b = 1'), macro('m', 'or c.d ~ 2', '  append: true\n'))[0]).toMatch(
      /^2\.yaml:2:21 /,
    );
  });

  it('are not missed when a file that may declare them cannot be read', () => {
    expect(problemsOf(rule('m'), 'a: [').filter((problem) => problem.startsWith('1.'))).toEqual([]);
  });

  it('cannot be made to exhaust the reader', () => {
    const bomb = (count: number, item: (n: number) => string) =>
      Array.from({ length: count }, (_, n) => item(n)).join('');
    const doubled = bomb(40, (n) => macro(`m${n}`, n === 0 ? 'a.b = 1' : `m${n - 1} and m${n - 1}`));
    expect(problemsOf(doubled)).toEqual([
      '1.yaml:30:14 error with its macros and lists written out, this has more than 10000 comparisons (m14.condition)',
    ]);
    const chained = bomb(300, (n) => macro(`m${n}`, n === 299 ? 'a.b = 1' : `m${n + 1}`));
    expect(problemsOf(chained)[0]).toBe('1.yaml:201:10 error more than 100 names in each other (m100.macro)');
    const base = list('base', `[${Array.from({ length: 11_000 }, (_, n) => `i${n}`).join(', ')}]`);
    const lists = base + bomb(100, (n) => list(`l${n}`, '[base]'));
    expect(problemsOf(lists)[0]).toMatch('the lists have more than 1000000 items together');
    expect(problemsOf(base + rule(Array.from({ length: 10 }, () => 'a.b in (base)').join(' and ')))[0]).toMatch(
      'this has more than 100000 values',
    );
  });
});
