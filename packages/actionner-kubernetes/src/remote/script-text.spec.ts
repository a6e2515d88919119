import { expect, it } from 'vitest';
import { shellLines } from './script-text.ts';

it.each([
  ['', ''],
  ['a', 'a'],
  ['a\r\nb\r\n', 'a\nb\n'],
  ['a\r\nb', 'a\nb'],
  ['a\r\nb\n', 'a\r\nb\n'],
  ['\n', '\n'],
  ['a\rb', 'a\rb'],
])('makes %j %j', (text, lines) => {
  expect(shellLines(text)).toBe(lines);
});
