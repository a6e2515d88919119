import { oneOf, strictObject, Type } from '@falco-talon/core';
import { expect, it } from 'vitest';
import { schemaProblems } from './schema-problems.ts';

const described = { description: 'd' };
const inner = (property: Parameters<typeof strictObject>[0][string]) => strictObject({ key: property });

it('finds nothing wrong with a strict, described schema', () => {
  const schema = strictObject({
    text: Type.String({ ...described, default: 'a', pattern: '^a$' }),
    list: Type.Array(Type.String(), { ...described, default: [] }),
    record: Type.Record(Type.String(), Type.String(), described),
    either: Type.Union([Type.Integer(), Type.String()], described),
    word: oneOf(['a', 'b'], { ...described, default: 'a' }),
    section: strictObject({ seconds: Type.Integer(described) }, described),
    optional: Type.Optional(Type.String({ ...described, writeOnly: true })),
  });
  expect(schemaProblems(schema)).toEqual([]);
});

it.each([
  [Type.String(), 'the schema must be a strictObject({…})'],
  [Type.Object({}), 'the schema accepts unknown keys: use strictObject({…})'],
  [inner(Type.String()), 'key has no description'],
  [inner(Type.String({ description: ' ' })), 'key has no description'],
  [inner(Type.String({ ...described, default: 5 as never })), 'key has a default that does not fit'],
  [inner(Type.Integer({ ...described, minimum: 1, default: 0 })), 'key has a default that does not fit'],
  [inner(Type.String({ ...described, pattern: '(' })), 'key has a pattern that is no regular expression'],
  [inner(Type.Integer({ ...described, multipleOf: 5 })), 'key uses multipleOf, which is not checked'],
  [inner(Type.Object({}, described)), 'key accepts unknown keys: use strictObject({…})'],
  [inner(Type.Array(strictObject({ deep: Type.String() }), described)), 'key[].deep has no description'],
  [inner(Type.Record(Type.String(), Type.Object({}), described)), 'key.* accepts unknown keys: use strictObject({…})'],
  [strictObject({ camelCase: Type.String(described) }), 'camelCase is not written in snake_case'],
])('finds mistake %#', (schema, problem) => {
  expect(schemaProblems(schema)).toEqual([problem]);
});
