import { describe, expect, it } from 'vitest';
import { compileRegex, PATTERN_LIMIT, RegexError } from './regex.ts';

describe('a regular expression', () => {
  it.each<[string, string, boolean]>([
    ['ba.*', 'bash', true],
    ['as', 'bash', false],
    ['.*as.*', 'bash', true],
    ['a|b', 'b', true],
    ['a|ab', 'ab', true],
    ['', '', true],
    ['', 'a', false],
    ['.', '\n', false],
    ['^a$', 'a', true],
    ['^a$\n^b$', 'a\nb', true],
    ['(?i)BASH', 'bash', true],
    [String.raw`\d+\.\w+`, '12.ab', true],
    ['[[:alpha:]]{2,3}', 'abc', true],
    [String.raw`\p{Greek}+`, 'λόγος', true],
    ['.', '😀', true],
    ['[^a]', '\ud800', true],
  ])('%s, for %j', (pattern, text, expected) => {
    expect(compileRegex(pattern)(text)).toBe(expected);
  });

  it.each([
    ['(', 'missing closing ): `(`'],
    ['a**', 'invalid nested repetition operator: `**`'],
    ['(?=a)', 'invalid or unsupported Perl syntax: `(?=` (look-around and back references take unbounded time)'],
    [String.raw`(a)\1`, String.raw`invalid escape sequence: ${'`\\1`'}`],
    ['a{1001}', 'invalid repeat count: `{1001}`'],
    ['(abc){900}', 'the pattern is too large (4502 steps of 1000)'],
    ['a'.repeat(PATTERN_LIMIT + 1), 'a pattern has at most 2000 characters, this one 2001'],
    ['('.repeat(1_500), 'missing closing ): `'],
  ])('%.30s is refused', (pattern, message) => {
    expect(() => compileRegex(pattern)).toThrow(RegexError);
    expect(() => compileRegex(pattern)).toThrow(message);
  });

  it('takes time in proportion to the text, where backtracking would not end', () => {
    const text = 'a'.repeat(100_000);
    for (const pattern of ['(a+)+b', '(a|a)*b', '(.*a){10}b', '.*a.{30}b', '(a?){50}a{50}b']) {
      expect(compileRegex(pattern)(text)).toBe(false);
    }
  });

  it('gives the same answers after texts made to fill its memory', () => {
    const test = compileRegex('.*a[ab]{12}');
    let seed = 1;
    const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
    for (let round = 0; round < 200; round++) {
      const text = Array.from({ length: 300 }, () => (random() < 0.5 ? 'a' : 'b')).join('');
      expect(test(text)).toBe(/^.*a[ab]{12}$/.test(text));
    }
  });
});
