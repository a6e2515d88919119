import { describe, expect, it } from 'vitest';
import { annotationIssues } from './annotation-syntax.ts';

const messages = (annotations: Record<string, string>) => annotationIssues(annotations).map(({ message }) => message);

describe('annotation syntax', () => {
  it.each(['note', 'A_b.c-d', 'example.com/note', 'Example.COM/Note', `${'p'.repeat(253)}/${'n'.repeat(63)}`])(
    'lets the key %s through',
    (key) => {
      expect(messages({ [key]: 'x' })).toEqual([]);
    },
  );

  it.each(['', 'bad key', '-note', 'n'.repeat(64), 'a/b/c', '/name', 'under_score/name', 'prefix/', '__proto__'])(
    'refuses the key %j',
    (key) => {
      const [issue, ...more] = annotationIssues(Object.fromEntries([[key, 'x']]));
      expect(issue?.path).toEqual(['annotations', key]);
      expect(issue?.message).toContain("cannot be an annotation's key");
      expect(more).toEqual([]);
    },
  );

  it.each(['', ' ', 'two words', 'line\nbreak', '{"a": [1]}', '${PROC_NAME}', 'ü\0\u202e', 'v'.repeat(300)])(
    'lets any value through: %j',
    (value) => {
      expect(messages({ note: value })).toEqual([]);
    },
  );

  it('counts the bytes of all keys and values', () => {
    const half = 'ü'.repeat(64 * 1024); // 128 KiB
    expect(messages({ a: half, b: half.slice(0, -1) })).toEqual([]);
    expect(messages({ a: half, b: half })).toEqual([
      '262146 bytes of keys and values: the annotations of one object may have 262144 together',
    ]);
  });
});
