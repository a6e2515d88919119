import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cutBytes, oneLine } from './text.ts';

it('cuts at a limit of bytes, between characters, and only what is too long', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.integer({ min: 3, max: 80 }), (text, limit) => {
      const cut = cutBytes(text, limit);
      expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(limit);
      expect(cut.isWellFormed()).toBe(true);
      const fits = Buffer.byteLength(text) <= limit;
      expect(fits ? cut === text : cut.endsWith('…') && text.startsWith(cut.slice(0, -1))).toBe(true);
    }),
  );
  expect(cutBytes('ééé', 5)).toBe('é…');
  expect(cutBytes('a😀b', 6)).toBe('a😀b');
  expect(cutBytes('a😀bc', 6)).toBe('a…');
});

it('is one line without marks a terminal or a reader would obey', () => {
  expect(oneLine(' a\r\n\tb\0c\u001b[31md\u202ee\u2028f\u0085g ')).toBe('a b c [31md e f g');
  expect(oneLine('\ud800x')).toBe('\ufffdx');
  expect(oneLine('Größe 你好 😀')).toBe('Größe 你好 😀');
});
