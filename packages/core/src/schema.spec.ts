import { describe, expect, it } from 'vitest';
import { jsonSchema, oneOf, publishedSchema, strictObject, Type } from './index.ts';

describe('publishedSchema', () => {
  const inner = strictObject({ a: Type.Integer({ default: 1 }), b: Type.String() }, { description: 'inner' });
  const schema = strictObject({
    level: oneOf(['pod', 'node'], { default: 'pod' }),
    labels: Type.Record(Type.String(), inner),
    list: Type.Array(inner),
    either: Type.Union([inner, Type.String()]),
    optional: Type.Optional(Type.String()),
    off: Type.Boolean({ default: false }),
  });

  it('requires only what has no default, at every depth', () => {
    const published = publishedSchema(schema);
    expect(published.required).toEqual(['labels', 'list', 'either']);
    const inners = [
      Object.values(published.properties?.['labels']?.patternProperties ?? {})[0],
      published.properties?.['list']?.items,
      published.properties?.['either']?.anyOf?.[0],
    ];
    for (const one of inners) expect(one).toMatchObject({ required: ['b'], description: 'inner' });
  });

  it('has no empty list of required keys, and leaves the original alone', () => {
    expect(publishedSchema(strictObject({ a: Type.String({ default: '' }) }))).not.toHaveProperty('required');
    expect(jsonSchema(schema).required).toContain('level');
  });

  it('is plain JSON that refuses unknown keys', () => {
    const published = publishedSchema(schema);
    expect(JSON.parse(JSON.stringify(published))).toEqual(published);
    expect(published.additionalProperties).toBe(false);
    expect(published.properties?.['level']).toEqual({ enum: ['pod', 'node'], default: 'pod' });
  });
});
