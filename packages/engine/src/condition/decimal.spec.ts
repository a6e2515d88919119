import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareDecimals, decimalKey, parseDecimal } from './decimal.ts';

const compare = (a: string, b: string) => Math.sign(compareDecimals(parseDecimal(a)!, parseDecimal(b)!));

describe('numbers with all their digits', () => {
  it.each([
    ['1', '1.0', '+1', '10e-1', '0.1e1', '0x1', '001'],
    ['0', '-0', '0.00', '0e5', '0x0'],
    ['-1.5', '-15e-1', '-01.50'],
    ['1731945600482812345', '1731945600482812345.0', '0x18091b58ef1421b9'],
    ['1e400', '10e399'],
    ['5.', '5'],
  ])('that are equal: %s', (...texts) => {
    expect(new Set(texts.map((text) => decimalKey(parseDecimal(text)!))).size).toBe(1);
    for (const text of texts) expect(compare(texts[0]!, text)).toBe(0);
  });

  it.each(['', 'x', '1x', '0x', '1e', '.5', '--1', '1 ', 'Infinity', 'NaN', '0xg', '1_000'])('%j is none', (text) => {
    expect(parseDecimal(text)).toBeUndefined();
  });

  it('are in order', () => {
    const ordered = [
      '-1e999999999',
      '-10',
      '-9.99',
      '-1',
      '-0.1',
      '0',
      '1e-400',
      '0.09',
      '0.1',
      '0.11',
      '1',
      '9',
      '10',
      '1e999999999',
    ];
    for (const [index, a] of ordered.entries()) {
      for (const [other, b] of ordered.entries()) expect(compare(a, b)).toBe(Math.sign(index - other));
    }
  });

  it('compare as integers of any length do', () => {
    const integer = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n });
    fc.assert(
      fc.property(integer, integer, fc.integer({ min: 0, max: 5 }), (a, b, zeros) => {
        const scale = 10n ** BigInt(zeros);
        expect(compare(String(a), String(b))).toBe(a < b ? -1 : a > b ? 1 : 0);
        expect(compare(String(a * scale), `${b}e${zeros}`)).toBe(compare(String(a), String(b)));
      }),
    );
  });
});
