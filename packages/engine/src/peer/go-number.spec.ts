import { describe, expect, it } from 'vitest';
import { goNumberText } from './go-number.ts';

describe('a number of an alert', () => {
  // What a Go program printed for each, with json.Unmarshal into any and %v.
  it.each([
    ['0', '0'],
    ['-0', '-0'],
    ['5', '5'],
    ['999999', '999999'],
    ['1000000', '1e+06'],
    ['1234567', '1.234567e+06'],
    ['1000660000', '1.00066e+09'],
    ['1703692337912436053', '1.703692337912436e+18'],
    ['0.5', '0.5'],
    ['1.0', '1'],
    ['0.0001', '0.0001'],
    ['0.00001', '1e-05'],
    ['100000000000000000000', '1e+20'],
    ['1e22', '1e+22'],
    ['-4194304', '-4.194304e+06'],
    ['1e5', '100000'],
    ['21e-1', '2.1'],
  ])('%s is compared as %s', (text, expected) => {
    expect(goNumberText(text)).toBe(expected);
  });

  it.each(['', '007', 'bash', '1,5', '0x10', '1e999', '+1', ' 1'])('%j is none', (text) => {
    expect(goNumberText(text)).toBeUndefined();
  });
});
