import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fit, oneOf, parseJson, strictObject, Type, type TSchema } from './index.ts';

/** What is wrong, as one line each: `path: message`. */
function problems(schema: TSchema, value: unknown): string[] {
  return fit(schema, value).issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}
function fitted(schema: TSchema, value: unknown): unknown {
  const { value: result, issues } = fit(schema, value);
  expect(issues).toEqual([]);
  return result;
}

describe('scalars', () => {
  it.each([
    [Type.Boolean(), 'true', true],
    [Type.Boolean(), 'False', false],
    [Type.Boolean(), true, true],
    [Type.Integer(), '5', 5],
    [Type.Integer(), '-5', -5],
    [Type.Integer(), parseJson('5.0'), 5],
    [Type.Number(), '1e3', 1000],
    [Type.String(), 5, '5'],
    [Type.String(), true, 'true'],
    [Type.String(), parseJson('1731945600482812345'), '1731945600482812345'],
    [Type.String(), '', ''],
    [oneOf(['a', 'b']), 'b', 'b'],
    [oneOf(['1', '2']), 1, '1'],
    [Type.Union([Type.Literal(1), Type.Literal(2)]), '2', 2],
  ])('reads %# unambiguously', (schema, given, expected) => {
    expect(fitted(schema, given)).toBe(expected);
  });

  it.each([
    [Type.Boolean(), 'yes', ': must be true or false, not "yes"; write true'],
    [Type.Boolean(), 'Off', ': must be true or false, not "Off"; write false'],
    [Type.Boolean(), 1, ': must be true or false, not 1'],
    [Type.Integer(), 1.5, ': must be a whole number, not 1.5'],
    [Type.Integer(), '0x10', ': must be a whole number, not "0x10"'],
    [Type.Integer(), '', ': must be a whole number, not ""'],
    [Type.Integer(), true, ': must be a whole number, not true'],
    [Type.Integer(), 2 ** 53, ': must be a whole number, not 9007199254740992'],
    [Type.Integer(), parseJson('1e309'), ': must be a whole number, not 1e309'],
    [Type.Number(), NaN, ': must be a number, not NaN'],
    [Type.Number(), 'Infinity', ': must be a number, not "Infinity"'],
    [Type.String(), ['a'], ': must be a text, not a list'],
    [Type.String(), { a: 1 }, ': must be a text, not a map'],
    [Type.String(), { rawJSON: '1' }, ': must be a text, not a map'],
    [Type.String(), null, ': must be a text, not nothing'],
    [Type.Integer({ minimum: 1 }), 0, ': must be at least 1, not 0'],
    [Type.Integer({ maximum: 30 }), 31, ': must be at most 30, not 31'],
    [Type.String({ minLength: 1 }), '', ': must not be empty'],
    [Type.String({ minLength: 2 }), 'a', ': must have at least 2 characters'],
    [Type.String({ maxLength: 2 }), 'abc', ': may have at most 2 characters'],
    [Type.String({ pattern: '^a$', description: 'an a' }), 'b', ': "b" does not have the right form: an a'],
    [Type.String({ pattern: '^a$', form: 'an a', description: 'A letter.' }), 'b', ': must be an a, not "b"'],
    [oneOf(['POST', 'PUT']), 'post', ': must be one of POST, PUT, not "post"; did you mean POST?'],
    [oneOf(['POST', 'PUT']), {}, ': must be one of POST, PUT, not a map'],
  ])('words mistake %# for the person who made it', (schema, given, expected) => {
    expect(problems(schema, given)).toEqual([expected]);
  });

  it('shows long values shortened and secrets not at all', () => {
    expect(problems(Type.Integer(), 'x'.repeat(1000))[0]!.length).toBeLessThan(130);
    const secret = Type.String({ pattern: '^https:', writeOnly: true });
    expect(problems(secret, 'hunter2')).toEqual([': the value given does not have the right form: ^https:']);
  });
});

describe('maps', () => {
  const schema = strictObject({
    tail_lines: Type.Integer({ default: 20 }),
    container: Type.Optional(Type.String()),
    destination: Type.String({ description: 'An existing folder.' }),
  });

  it('fills in defaults and takes null for absent', () => {
    expect(fitted(schema, { tail_lines: null, container: undefined, destination: '/a' })).toEqual({
      tail_lines: 20,
      destination: '/a',
    });
    expect(fitted(strictObject({ a: Type.Integer({ default: 1 }) }), null)).toEqual({ a: 1 });
  });

  it('gives each caller a default of its own', () => {
    const lists = strictObject({ list: Type.Array(Type.String(), { default: [] }) });
    (fitted(lists, {}) as { list: string[] }).list.push('mine');
    expect(fitted(lists, {})).toEqual({ list: [] });
    const any = strictObject({ any: Type.Unknown({ default: { list: [] } }) });
    (fitted(any, {}) as { any: { list: string[] } }).any.list.push('mine');
    expect(fitted(any, {})).toEqual({ any: { list: [] } });
  });

  it('gives a section that is left out the defaults of its keys', () => {
    const inner = Type.Object({ seconds: Type.Integer({ default: 5 }) }, { additionalProperties: false, default: {} });
    expect(fitted(strictObject({ window: inner }), {})).toEqual({ window: { seconds: 5 } });
  });

  it('names every missing and every unknown key at once, with the nearest known one', () => {
    expect(problems(schema, { tailLines: 5, nonsense: 1 })).toEqual([
      'tailLines: unknown key "tailLines"; did you mean tail_lines? (allowed here: tail_lines, container, destination)',
      'nonsense: unknown key "nonsense" (allowed here: tail_lines, container, destination)',
      ': destination is missing: An existing folder.',
    ]);
    expect(problems(schema, { destinatoin: '/tmp' })).toEqual([
      'destinatoin: unknown key "destinatoin"; did you mean destination? (allowed here: tail_lines, container, destination)',
    ]);
    expect(problems(strictObject({}), { a: 1 })).toEqual(['a: unknown key "a" (no keys are allowed here)']);
  });

  it.each([['text'], [5], [['list']], [true]])('refuses %j', (value) => {
    expect(problems(schema, value)[0]).toMatch(/^: must be a map of keys and values, not /);
  });

  it('keeps hostile keys as they are, and changes no prototype', () => {
    const record = Type.Record(Type.String(), Type.String());
    const value = fitted(record, JSON.parse('{"__proto__": "a", "constructor": 1, "toString": true}')) as object;
    expect(Object.entries(value)).toEqual([
      ['__proto__', 'a'],
      ['constructor', '1'],
      ['toString', 'true'],
    ]);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(problems(schema, JSON.parse('{"destination": "a", "__proto__": {"x": 1}, "toString": 1}'))).toHaveLength(2);
  });

  it('checks the keys and values of a record, and says where', () => {
    const record = strictObject({
      labels: Type.Record(Type.String({ pattern: '^[a-z]+$' }), Type.String(), { minProperties: 1 }),
    });
    expect(fitted(record, { labels: { suspicious: true } })).toEqual({ labels: { suspicious: 'true' } });
    expect(problems(record, { labels: { a: ['b'], B: 'c' } })).toEqual([
      'labels.a: must be a text, not a list',
      'labels.B: the key "B" does not have the form ^[a-z]+$',
    ]);
    expect(problems(record, { labels: { a: null } })).toEqual(['labels.a: has no value; write "" for an empty text']);
    expect(problems(record, { labels: {} })).toEqual(['labels: must have at least 1 entry']);
  });
});

describe('lists and alternatives', () => {
  it('checks each item and says which', () => {
    const list = Type.Array(Type.Integer(), { minItems: 2, maxItems: 3 });
    expect(fitted(list, ['1', 2])).toEqual([1, 2]);
    expect(problems(list, ['1', 'x'])).toEqual(['1: must be a whole number, not "x"']);
    expect(problems(list, [1])).toEqual([': must have at least 2 items']);
    expect(problems(list, [1, 2, 3, 4])).toEqual([': may have at most 3 items']);
    expect(problems(list, 'a')).toEqual([': must be a list, not "a"; write ["a"]']);
  });

  it('prefers the alternative that has the type already', () => {
    const replicas = Type.Union([Type.Integer(), Type.String({ pattern: '^[0-9]+%$' })]);
    expect(fitted(replicas, 2)).toBe(2);
    expect(fitted(replicas, '33%')).toBe('33%');
    expect(fitted(replicas, '2')).toBe(2);
    expect(problems(replicas, 'many')).toEqual([': "many" does not have the right form: ^[0-9]+%$']);
  });
});

it('takes anything without throwing, and what it accepts it accepts again unchanged', () => {
  const schema = strictObject({
    text: Type.Optional(Type.String()),
    number: Type.Integer({ default: 1 }),
    flag: Type.Optional(Type.Boolean()),
    words: Type.Optional(Type.Array(oneOf(['a', 'b']))),
    labels: Type.Optional(Type.Record(Type.String(), Type.String())),
    either: Type.Optional(Type.Union([Type.Integer(), Type.String()])),
  });
  const keys = fc.constantFrom('text', 'number', 'flag', 'words', 'labels', 'either', '__proto__', 'other');
  fc.assert(
    fc.property(fc.oneof(fc.dictionary(keys, fc.jsonValue()), fc.anything()), (given) => {
      const first = fit(schema, given);
      if (first.issues.length > 0) return;
      expect(fit(schema, first.value)).toEqual({ value: first.value, issues: [] });
    }),
  );
});
