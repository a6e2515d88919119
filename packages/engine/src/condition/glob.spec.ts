import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileGlob } from './glob.ts';

describe('a shell pattern', () => {
  it.each<[string, string, boolean]>([
    ['', '', true],
    ['', 'a', false],
    ['*', '', true],
    ['*', '/etc/.hidden\nline', true],
    ['/etc/*', '/etc/a/b', true],
    ['*.log', '.log', true],
    ['a*b', 'ab', true],
    ['a*b', 'ba', false],
    ['a*a', 'a', false],
    ['a*b*c', 'a-c-b', false],
    ['*ab*ab*', 'ab-ab', true],
    ['*ab*ab*', 'abab', true],
    ['*aba*ba', 'aba', false],
    ['?', '/', true],
    ['?', '', false],
    ['?', '\n', true],
    ['?', '😀', true],
    ['a?c', 'abc', true],
    ['[abc]', 'b', true],
    ['[a-c]x', 'bx', true],
    ['[!a-c]', 'd', true],
    ['[!a-c]', 'a', false],
    ['[^a]', 'b', true],
    ['[]a]', ']', true],
    ['[a-]', '-', true],
    ['[-a]', '-', true],
    ['[[:digit:]_]*', '5x', true],
    ['[[:digit:]_]*', 'x5', false],
    ['[a', '[a', true],
    ['a[', 'a[', true],
    [String.raw`\*`, '*', true],
    [String.raw`\*`, 'x', false],
    [String.raw`[\]]`, ']', true],
    ['?.(+)$^{}|', 'x.(+)$^{}|', true],
    ['?\\', 'x\\', true],
  ])('%s, for %j', (pattern, text, expected) => {
    expect(compileGlob(pattern)(text)).toBe(expected);
  });

  it('of stars is what the expression for it is', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 10 });
    fc.assert(
      fc.property(text, fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 12 }), (pattern, given) => {
        const expression = new RegExp(`^${pattern.replaceAll('*', '.*')}$`, 's');
        expect(compileGlob(pattern)(given)).toBe(expression.test(given));
        expect(compileGlob(`${pattern}?`)(`${given}a`)).toBe(expression.test(given));
      }),
      { numRuns: 1_000 },
    );
  });

  it('takes time in proportion to the text', () => {
    const text = 'a'.repeat(200_000);
    expect(compileGlob(`${'*a'.repeat(100)}*b`)(text)).toBe(false);
    expect(compileGlob(`${'*a?'.repeat(20)}*b`)(text)).toBe(false);
  });
});
