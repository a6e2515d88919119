import { parseJson } from '@falco-talon/core';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { jsonText, yamlText } from './data-text.ts';

const HOSTILE = {
  'key\u001b': ['\u202e', 'two\nlines\u009b', 'a\tb\r', '\ud800', 'é 😀', 'a\u{e0067}b', ' \n', '- a: b'],
  none: null,
};

describe.each([
  ['JSON', jsonText, (text: string): unknown => JSON.parse(text)],
  ['YAML', yamlText, (text: string): unknown => parse(text)],
] as const)('%s for programs', (_, print, read) => {
  it('is what was printed, and steers no terminal', () => {
    const text = print(HOSTILE);
    expect(read(text)).toEqual(HOSTILE);
    // oxlint-disable-next-line no-control-regex -- they are what must not be there
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]|\p{Cs}/u);
    expect(text).toContain('é 😀');
  });

  it('keeps the digits of numbers', () => {
    const text = print({ a: parseJson('1731945600482812345'), b: [parseJson('1.10')] });
    expect(text).toContain('1731945600482812345');
    expect(text).toContain('1.10');
  });

  it('writes out what stands in it twice', () => {
    const twice = { a: 1 };
    expect(print([twice, twice])).not.toMatch(/[&*]/);
  });
});
