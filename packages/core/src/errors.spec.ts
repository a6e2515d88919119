import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { asTalonError, ERROR_CODES, errorText, isTalonError, TalonError } from './index.ts';

describe('error codes', () => {
  it('all have a meaning: one sentence', () => {
    for (const [code, meaning] of Object.entries(ERROR_CODES)) {
      expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
      expect(meaning).toMatch(/^[A-Z].*\.$/);
    }
    expect(new Set(Object.values(ERROR_CODES)).size).toBe(Object.keys(ERROR_CODES).length);
  });

  it('all are used outside their list, and none is used that is not in it', () => {
    const text = sources(join(import.meta.dirname, '../..')).join('\n');
    const used = new Set([...text.matchAll(/['"`]([a-z]+(?:_[a-z]+)*)['"`]/g)].map(([, word]) => word));
    expect(Object.keys(ERROR_CODES).filter((code) => !used.has(code))).toEqual([]);
    const thrown = [...text.matchAll(/new TalonError\(\s*['"]([^'"]+)['"]/g)].map(([, code]) => code);
    expect(thrown.filter((code) => !Object.hasOwn(ERROR_CODES, code!))).toEqual([]);
  });
});

/** The text of every source file of the packages, without specs and without the list itself. */
function sources(packages: string): string[] {
  return readdirSync(packages, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.spec.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter(
      (path) => /[/\\]src[/\\]/.test(path) && !/[/\\](node_modules|dist)[/\\]|core[/\\]src[/\\]errors\.ts$/.test(path),
    )
    .map((path) => readFileSync(path, 'utf8'));
}

describe('TalonError', () => {
  it('carries code, cause and whether it may pass', () => {
    const cause = new Error('socket hang up');
    const error = new TalonError('throttled', 'slow down', { cause, retryable: true, retryAfter: 2000 });
    expect(error).toMatchObject({ name: 'TalonError', code: 'throttled', cause, retryable: true, retryAfter: 2000 });
    expect(new TalonError('refused', 'no')).toMatchObject({ retryable: false, retryAfter: undefined });
    expect(new TalonError('refused', 'no')).not.toHaveProperty('cause');
  });

  it('is recognised by its kind, also when another copy of this package made it', () => {
    expect(isTalonError(new TalonError('refused', 'no'))).toBe(true);
    expect(isTalonError(Object.assign(new Error('no'), { kind: 'talon-error', code: 'refused' }))).toBe(true);
    for (const other of [new Error('no'), { kind: 'talon-error' }, null, undefined, 'refused']) {
      expect(isTalonError(other)).toBe(false);
    }
  });
});

describe('whatever is thrown', () => {
  const hostile = {
    toString() {
      throw new Error('no text');
    },
  };
  const nameless = Object.assign(new Error(''), { name: 'Nameless' });

  it.each([
    [new Error('broken'), 'broken'],
    [nameless, 'Nameless'],
    [Object.assign(new Error('x'), { message: { not: 'a text' } }), '[object Object]'],
    ['text', 'text'],
    [undefined, 'undefined'],
    [null, 'null'],
    [Symbol('s'), 'Symbol(s)'],
    [hostile, 'an error without a readable message'],
    [Object.create(null), 'an error without a readable message'],
    [Object.assign(new Error('x'), { message: hostile }), 'an error without a readable message'],
  ])('has a text and becomes plugin_failed (%#)', (thrown, text) => {
    expect(errorText(thrown)).toBe(text);
    expect(asTalonError(thrown)).toMatchObject({ code: 'plugin_failed', retryable: false, message: text });
  });

  it('stays what it is when it is a TalonError', () => {
    const error = new TalonError('conflict', 'again', { retryable: true });
    expect(asTalonError(error)).toBe(error);
  });
});
