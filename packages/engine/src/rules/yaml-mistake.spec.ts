import { describe, expect, it } from 'vitest';
import { readYaml } from './yaml-document.ts';

/** `line:column+length message` */
function problemsOf(text: string): string[] {
  return readYaml('f', text).problems.map(
    ({ line, column, length, message }) => `${line}:${column}+${length} ${message}`,
  );
}

const TABS = 'tabs cannot indent YAML; use spaces';
const ALIGNED = 'this does not line up with what stands before it; check the indentation';
const INSIDE = 'a key begins inside of a value; indent keys alike, and quote a text that contains ": "';
const NO_KEY = 'this is neither a key with a value (KEY: VALUE) nor a list item (- VALUE)';
const quoted = (character: string) => `a text that begins with ${character} must be quoted`;

describe('a mistake in the YAML itself', () => {
  it.each<[string, ...string[]]>([
    ['- rule: X\n\tmatch: all\n', `2:1+1 ${TABS}`],
    ['- a:\n\t\trules: [a]\n\t\ttags: [b]\n', `2:1+2 ${TABS}`],
    ['- a:\n    - b: 1\n    c: 2\n', `3:5+1 ${ALIGNED}`],
    ['- a: 1\n b: 2\n', `2:2+1 ${ALIGNED}`],
    ['- a:\n  b: 2\n   c: 3\n', `2:6+1 ${INSIDE}`],
    ['- a: "x\n  b: c\n', '1:6+1 the text that begins with this " is not closed by another one'],
    ["- a: 'x\n  b: c\n", "1:6+1 the text that begins with this ' is not closed by another one"],
    ['- a: {b: [c, d}\n  e: f\n', '1:15+1 the [ before this is not closed by a ]'],
    ['- a: {b: c\n  e: f\n', '2:3+1 the { before this is not closed by a }'],
    ['- [%a, @b, `c]\n', `1:4+1 ${quoted('%')}`, `1:8+1 ${quoted('@')}`, `1:12+1 ${quoted('`')}`],
    ['- [a,, b]\n', '1:6+1 a value is missing beside the comma'],
    ['- ["a" b]\n', '1:8+1 a comma is missing before this'],
    ['- a: - b\n', '1:6+1 a list cannot begin in the line of its key; write it in the lines below'],
    ['- a: b\n- c d\n  e: f\n', '2:3+7 a key must stand in one line; is a quote or a colon missing?'],
    ['- a: b\n  c\n', `2:3+1 ${NO_KEY}`],
    ['- a: {b:\n    - c}\n', '2:5+3 inside of [ ] and { } everything must be written with [ ] and { } too'],
    ['- a: "b"#c\n', '1:9+2 a space is missing before the #; quote the text if # belongs to it'],
    ['- "\\d"\n', '1:4+1 not an escape of YAML; double the \\, or use single quotes'],
    ['- a\n]\n', '2:1+1 this bracket closes nothing'],
    ['- a: * b\n', `1:6+1 a text that begins with * or & must be quoted`],
    ['%a\n- b\n', '1:1+2 a line that begins with % is a directive of YAML; quote the text'],
    ['- a: b: c: d: e\n', `1:6+1 ${INSIDE}`],
  ])('%j is told once, where it was made', (text, ...expected) => {
    expect(problemsOf(text)).toEqual(expected);
  });
});
