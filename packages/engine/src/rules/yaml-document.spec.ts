import { fit, strictObject, Type, valueText } from '@falco-talon/core';
import { describe, expect, it } from 'vitest';
import { parseYaml } from './parse-yaml.ts';
import { readYaml, YAML_SIZE_LIMIT, yamlValue } from './yaml-document.ts';
import { pathOf, pathText, placeOfIssue, plainValue } from './yaml-node.ts';

function problemsOf(text: string): string[] {
  return readYaml('f.yaml', text).problems.map(({ line, column, message }) => `${line}:${column} ${message}`);
}

describe('reading YAML', () => {
  it('gives the value', () => {
    expect(yamlValue(readYaml('f', 'a: [1, true, ~, text]\nb: {c: "1"}\n'))).toEqual({
      a: [1, true, null, 'text'],
      b: { c: '1' },
    });
  });

  it('reads an empty document, and one of comments, as nothing', () => {
    expect(yamlValue(readYaml('f', ''))).toBeUndefined();
    expect(readYaml('f', '# nothing yet\n').problems).toEqual([]);
  });

  it('skips a byte order mark without moving the positions', () => {
    expect(yamlValue(readYaml('f', '\uFEFFa: 1'))).toEqual({ a: 1 });
    expect(problemsOf('\uFEFFa: 1\na: 2')).toEqual(['2:1 "a" stands here twice, first in line 1']);
  });

  it.each([
    ['1.10', '1.10'],
    ['12345678901234567890', '12345678901234567890'],
    ['010', '010'],
    ['1e3', '1e3'],
    ['0x1F', '0x1F'],
    ['-0.50', '-0.50'],
    ['5', '5'],
  ])('keeps the digits of %s', (written, text) => {
    expect(valueText((yamlValue(readYaml('f', `a: ${written}`)) as { a: unknown }).a)).toBe(text);
  });

  it('uses the core schema: yes and no are texts, whatever version the file asks for', () => {
    expect(yamlValue(readYaml('f', '[yes, no, on, True]'))).toEqual(['yes', 'no', 'on', true]);
    expect(yamlValue(readYaml('f', '%YAML 1.1\n---\n[yes, no]'))).toEqual(['yes', 'no']);
  });

  it('takes keys as texts', () => {
    expect(yamlValue(readYaml('f', '1.10: a\ntrue: b\n__proto__: c'))).toEqual(
      Object.fromEntries([
        ['1.10', 'a'],
        ['true', 'b'],
        ['__proto__', 'c'],
      ]),
    );
  });

  it('expands aliases', () => {
    expect(yamlValue(readYaml('f', 'a: &x {b: 1}\nc: *x\nd: &t text\ne: *t'))).toEqual({
      a: { b: 1 },
      c: { b: 1 },
      d: 'text',
      e: 'text',
    });
  });
});

describe('what YAML is refused, and where', () => {
  it.each([
    ['a: 1\nb: 2\na: 3', '3:1 "a" stands here twice, first in line 1'],
    ['a: {b: 1, b: 2}', '1:11 "b" stands here twice, first in line 1'],
    ['a: &x {b: 1}\nc:\n  <<: *x', '3:3 merge keys (<<) are not supported; write the keys out'],
    ['- a\n---\n- b', '2:1 a second document begins here; a file holds one, so remove the line with ---'],
    ['? [a]\n: b', '1:3 a key must be a text'],
    ['a: *x', '1:4 there is no anchor &x before *x'],
    ['a: &x [*x]', '1:8 *x contains itself'],
    ['a: "\0"', '1:5 a control character (U+0000); is this a text file?'],
    ['a: "\u001b[31m"', '1:5 a control character (U+001B); is this a text file?'],
    ['a: !!binary aGk=', '1:4 tags (!…) are not supported; quote the text if it begins with !'],
    ['a: "text', '1:4 the text that begins with this " is not closed by another one'],
    ['priority: >=Notice\n', '1:12 a text that begins with > or | must be quoted: ">=Notice"'],
  ])('%j', (text, problem) => {
    expect(problemsOf(text)).toEqual([problem]);
  });

  it('points at the right line where the parser has lost its way, and names one mistake once', () => {
    expect(problemsOf('-\naction: a\n  actionner: b:c\n  x: y\n')).toEqual([
      '2:1 this does not belong to what stands before it; check the indentation, and quote texts with special characters',
    ]);
    expect(problemsOf('description: a: b\n')).toEqual([
      '1:14 a key begins inside of a value; indent keys alike, and quote a text that contains ": "',
    ]);
    expect(problemsOf('a: b\n  c: d\n').map((problem) => problem.slice(0, 4))).toEqual(['1:4 ']);
  });

  it('names every mistake of the file, in its order', () => {
    expect(problemsOf('a: 1\na: 2\nb: {c: 1, c: 2}\nd: *e')).toEqual([
      '2:1 "a" stands here twice, first in line 1',
      '3:11 "c" stands here twice, first in line 3',
      '4:4 there is no anchor &e before *e',
    ]);
  });

  it('gives the path of a mistake', () => {
    expect(readYaml('f', 'a:\n  - b: 1\n    "x y": {c: 1, c: 2}').problems[0]?.path).toBe('a[0]["x y"].c');
  });

  it.each([
    ['flow lists', '['.repeat(5000)],
    ['closed flow lists', '['.repeat(3000) + ']'.repeat(3000)],
    ['flow maps', '{a: '.repeat(3000) + '}'.repeat(3000)],
    ['block lists', `${'- '.repeat(3000)}a`],
    ['levels the parser still takes', '['.repeat(150) + ']'.repeat(150)],
  ])('nests no deeper than makes sense: %s', (_, text) => {
    expect(problemsOf(text)).toEqual([expect.stringMatching(/ nested too deeply$/)]);
  });

  it('does not let aliases build a depth that no text has', () => {
    const chain = Array.from({ length: 200 }, (_, n) => `a${n + 1}: &a${n + 1} [*a${n}]`).join('\n');
    expect(problemsOf(`a0: &a0 [x]\n${chain}`)[0]).toBe('101:13 nested too deeply');
  });

  it('refuses an alias bomb without expanding it', () => {
    const levels = Array.from({ length: 60 }, (_, n) => `a${n + 1}: &a${n + 1} [${`*a${n}, `.repeat(9)}]`);
    const { problems, root } = readYaml('f', `a0: &a0 [x, x, x, x, x, x, x, x, x]\n${levels.join('\n')}`);
    expect(root).toBeUndefined();
    expect(problems[0]).toMatchObject({
      line: 5,
      message: 'the aliases (*) of this file stand for more than 10000 values; write less',
    });
    expect(problems).toHaveLength(1);
  });

  it('refuses a file over the limit without parsing it', () => {
    expect(problemsOf(`# ${'x'.repeat(YAML_SIZE_LIMIT)}`)).toEqual(['1:1 the file is larger than 4 MiB; split it']);
  });

  it.each([
    ['brackets', ']', 1_000_000],
    ['open maps', '{a: ', 1_000_000],
    ['directives', '%a\n', 1_000_000],
    ['aliases', '- *a\n', 800_000],
    ['quotes', '"', 40_000],
    ['anchors', '&a ', 40_000],
    ['tags', '!a ', 40_000],
  ])('is not kept busy by very many %s', (_, piece, count) => {
    const problems = problemsOf(piece.repeat(count));
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.length).toBeLessThanOrEqual(50);
  });

  it('refuses more values than a file of rules has', () => {
    const stopped = [{ offset: 99, end: 100, code: 'TOO_LONG', message: '' }];
    expect(parseYaml(`[${','.repeat(200)}]`, { lexemes: 100, documents: 1 }).mistakes).toEqual(stopped);
    expect(parseYaml(`[${'x,'.repeat(10)}]`, { lexemes: 100, documents: 1 }).mistakes).toEqual([]);
  });

  it('refuses more aliases than any of them may stand for', () => {
    expect(problemsOf(`- &a x\n${'- *a\n'.repeat(10_000)}`)).toEqual([]);
    expect(problemsOf(`- &a x\n${'- *a\n'.repeat(10_001)}- [`)).toEqual([
      '10002:3 the aliases (*) of this file stand for more than 10000 values; write less',
    ]);
    expect(problemsOf('- |\n  * no\n'.repeat(11_000))).toEqual([]);
  });

  it('reports a bounded number of mistakes', () => {
    expect(problemsOf('a: *x\n'.repeat(100)).length).toBe(50);
  });
});

describe('positions of what a schema finds', () => {
  const schema = strictObject({
    port: Type.Integer(),
    list: Type.Array(strictObject({ name: Type.String() })),
    deep: strictObject({ must: Type.String() }),
  });

  it('points at keys nobody knows, at wrong values, and at the map that lacks something', () => {
    const { root, source } = readYaml('f', 'port: ten\nlist:\n  - name: {}\n    other: 1\ndeep:\n  x: 1\n');
    const { issues, value } = fit(schema, plainValue(root!));
    const places = issues.map(({ path }) => placeOfIssue({ key: root!.place, value: root! }, path, value));
    expect(places.map((place) => [source.position(place.offset), pathText(pathOf(place))])).toEqual([
      [{ file: 'f', line: 1, column: 7 }, 'port'],
      [{ file: 'f', line: 3, column: 5 }, 'list[0].name'],
      [{ file: 'f', line: 4, column: 5 }, 'list[0].other'],
      [{ file: 'f', line: 6, column: 3 }, 'deep.x'],
      [{ file: 'f', line: 5, column: 1 }, 'deep'],
    ]);
  });
});
