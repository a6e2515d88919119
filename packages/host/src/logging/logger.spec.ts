import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson, TalonError } from '@falco-talon/core';
import type { Destination } from './destination.ts';
import { createLogger, type LoggerOptions } from './logger.ts';

function logged(options: Partial<LoggerOptions>, work: (logger: ReturnType<typeof createLogger>) => void): string[] {
  const lines: string[] = [];
  const destination: Destination = { write: (line) => void lines.push(line), dropped: () => 0, flush: async () => {} };
  work(createLogger({ format: 'json', level: 'debug', colours: true, destination, ...options }));
  return lines;
}
const one = (format: LoggerOptions['format'], fields: Readonly<Record<string, unknown>>, colours = true) =>
  logged({ format, colours }, (logger) => logger.info('action', fields))[0]!;
const parsed = (fields: Readonly<Record<string, unknown>>) =>
  JSON.parse(one('json', fields)) as Record<string, unknown>;

describe('JSON lines', () => {
  it('carry time, level, message and the fields', () => {
    const line = parsed({ rule: 'r', objects: { pod: 'p' } });
    expect(line).toEqual({
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      level: 'info',
      message: 'action',
      rule: 'r',
      objects: { pod: 'p' },
    });
    expect(Object.keys(line).slice(0, 2)).toEqual(['level', 'time']);
  });

  it('have each key once, whatever the fields are called', () => {
    const line = one('json', { time: 't', level: 'l', message: 'other', rule: 'r' });
    expect(JSON.parse(line)).toMatchObject({ level: 'info', message: 'action', detail: 'other', rule: 'r' });
    expect(line.match(/"message":/g)).toHaveLength(1);
    expect(line.match(/"time":/g)).toHaveLength(1);
  });

  it('stay one line of plain characters, and lose nothing of the value', () => {
    const hostile = 'a\n{"level":"error"}\r\u001B[31mred\u009B2J\u2028\u202E\u061Cevil\u0000\uFEFF\u007F';
    const line = one('json', { output: hostile, [`k\n\u001B`]: 1 });
    // oxlint-disable-next-line no-control-regex -- they are what must not be there
    expect(line).toMatch(/^[^\u0000-\u001F\u007F-\u009F\u061C\u2028\u2029\u202A-\u202E\uFEFF]*\n$/);
    expect((JSON.parse(line) as { output: string }).output).toBe(hostile);
  });

  it('keep the digits of numbers', () => {
    expect(one('json', { fields: parseJson('{"n":1731945600482812345}') })).toContain('"n":1731945600482812345');
  });

  it('cut what is long, deep or wide', () => {
    let deep: unknown = 'end';
    for (let i = 0; i < 100_000; i++) deep = { deep };
    const line = one('json', { text: 'x'.repeat(1_000_000), deep, wide: Array.from({ length: 10_000 }, () => 1) });
    expect(line.length).toBeLessThan(20_000);
    expect(line).toContain('983616 more');
  });

  it('survive values made to break them', () => {
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    const line = parsed({
      circular,
      throws: {
        toJSON: () => {
          throw new Error('no');
        },
        get boom() {
          throw new Error('no');
        },
      },
      big: 12345678901234567890n,
      nan: NaN,
      symbol: Symbol('s'),
      bytes: new Uint8Array(3),
      date: new Date(NaN),
      map: new Map([['a', 1]]),
      ['__proto__']: 1,
    });
    expect(line).toMatchObject({
      throws: 'a value that cannot be shown',
      big: '12345678901234567890',
      nan: 'NaN',
      bytes: '3 bytes',
      map: { a: 1 },
    });
  });

  it('show an error by message, code and cause, without its stack', () => {
    const error = new TalonError('throttled', 'slow down', { cause: new Error('429') });
    expect(parsed({ error })['error']).toEqual({ message: 'slow down', code: 'throttled', cause: '429' });
    expect(parsed({ error: new Error('plain') })['error']).toBe('plain');
  });
});

describe('text lines', () => {
  it('are read from left to right', () => {
    const line = one('text', { rule: 'Terminal shell', status: 'success', count: 3 });
    expect(line).toMatch(/^\d{4}-\S+Z INF action rule="Terminal shell" status=success count=3\n$/);
  });

  it('have what is wrong in files below them, each line where its place is', () => {
    const problems = [
      'a.yaml:3:5: error: no\n  3 |   b: c\n    |   ^',
      'b.yaml: error: \u001B[2J\u009B\r2026-01-01 INF fine',
    ];
    const lines = one('text', { rules_version: 'v', problems }).split('\n');
    expect(lines[0]).toMatch(/ INF action rules_version=v$/);
    expect(lines.slice(1, 4)).toEqual(['    a.yaml:3:5: error: no', '      3 |   b: c', '        |   ^']);
    // oxlint-disable-next-line no-control-regex
    expect(lines[4]).toMatch(/^    b\.yaml: error: [^\u0000-\u001F\u007F-\u009F]*2026-01-01 INF fine$/);
    expect(lines).toHaveLength(6);
    expect(one('text', { problems: 'a\nb' })).toContain(String.raw`problems="a\nb"`);
    expect(parsed({ problems })).toMatchObject({ problems });
  });

  it('escape what could steer a terminal or look like another field', () => {
    const line = one('text', { a: 'x status=success', b: 'two\nlines \u001B[2J\u009B', ['k v']: 'v' });
    expect(line).toContain('a="x status=success"');
    expect(line).toContain(String.raw`b="two\nlines \u001b[2J\u009b"`);
    expect(line).toContain('"k v"=v');
    expect(line.indexOf('\n')).toBe(line.length - 1);
  });

  it('have colours on a terminal only', () => {
    expect(one('color', { status: 'failure' })).toContain('\u001B[31mfailure\u001B[0m');
    expect(one('color', { status: 'failure' }, false)).not.toContain('\u001B');
    expect(one('text', { status: 'failure' })).not.toContain('\u001B');
  });
});

it('writes nothing below its level', () => {
  const lines = logged({ level: 'warn' }, (logger) => {
    logger.debug('d');
    logger.info('i');
    logger.warn('w');
    logger.error('e');
  });
  expect(lines.map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(['warn', 'error']);
});

it('makes one harmless line of anything', () => {
  // Lone surrogates too; the ready-made unit for that takes seconds to build.
  const unit = fc
    .oneof(fc.integer({ max: 0xff, min: 0 }), fc.integer({ max: 0xffff, min: 0 }))
    .map((code) => String.fromCharCode(code));
  const text = fc.string({ unit, maxLength: 20 });
  const anything = fc.oneof(text, fc.double(), fc.bigInt(), fc.array(text), fc.dictionary(text, text), fc.jsonValue());
  // oxlint-disable-next-line no-control-regex -- they are what must not be there
  const harmless = /^[^\u0000-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]*\n$/;
  fc.assert(
    fc.property(fc.dictionary(text, anything, { maxKeys: 5 }), (fields) => {
      const line = one('json', fields);
      expect(line).toMatch(harmless);
      expect(JSON.parse(line)).toMatchObject({ level: 'info', message: 'action' });
      expect(one('text', fields)).toMatch(harmless);
    }),
  );
});
