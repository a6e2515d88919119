import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isExactNumber, parseJson, valueText } from './index.ts';

describe('parseJson', () => {
  it.each(['1731945600482812345', '0.0', '1e309', '-1e309', '-0', '1.50', '1E2', '123456789012345678901234567890'])(
    'keeps every digit of %s',
    (text) => {
      const value = parseJson(text);
      expect(isExactNumber(value)).toBe(true);
      expect(valueText(value)).toBe(text);
      expect(JSON.stringify({ deep: [parseJson(`[${text}]`)] })).toBe(`{"deep":[[${text}]]}`);
    },
  );

  it.each(['0', '-1', '34816', '1846.4', '9007199254740991', '1e+21'])('makes a plain number of %s', (text) => {
    expect(typeof parseJson(text)).toBe('number');
    expect(valueText(parseJson(text))).toBe(text);
  });

  it('keeps nulls, odd keys and __proto__ as they came', () => {
    const text = '{"a b?[":null,"__proto__":{"polluted":true},"k ":"","toString":1}';
    expect(JSON.stringify(parseJson(text))).toBe(text);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it.each(['', '{', '{"a":1', '[1,]', 'nul', '{"a":01}', "{'a':1}", '\ufeff{}'])('refuses %j', (text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError);
  });

  it.each(['['.repeat(200_000), `${'['.repeat(200_000)}${']'.repeat(200_000)}`, '{"a":'.repeat(200_000)])(
    'throws cleanly when nested too deeply (%#)',
    (text) => {
      expect(() => parseJson(text)).toThrow(/./);
      expect(parseJson('[[1]]')).toEqual([[1]]);
    },
  );

  it('gives back what it was given', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(JSON.stringify(parseJson(text))).toBe(text);
      }),
    );
  });
});

describe('valueText', () => {
  it.each([
    ['text', 'text'],
    ['', ''],
    [null, undefined],
    [undefined, undefined],
    [true, 'true'],
    [-1, '-1'],
    [['a', 1], '["a",1]'],
    [{ a: null }, '{"a":null}'],
  ])('of %j is %j', (value, expected) => {
    expect(valueText(value)).toBe(expected);
  });

  it('is not fooled by a map that looks like a number', () => {
    expect(isExactNumber({ rawJSON: '5' })).toBe(false);
    expect(valueText({ rawJSON: '5' })).toBe('{"rawJSON":"5"}');
  });
});
