import { publishedSchema, type JsonSchema } from '@falco-talon/core';
import { expect, it } from 'vitest';
import { testFileSchema } from './test-file-schema.ts';

/** The paths of keys without a description, in maps, lists and alternatives. */
function undescribed(schema: JsonSchema, path = ''): string[] {
  const below = Object.entries(schema.properties ?? {}).flatMap(([key, property]) => {
    const at = `${path}.${key}`;
    return [...(property.description === undefined ? [at] : []), ...undescribed(property, at)];
  });
  const items = schema.items ? undescribed(schema.items, `${path}[]`) : [];
  return [...below, ...items, ...(schema.anyOf ?? []).flatMap((choice) => undescribed(choice, path))];
}

it('every key of a test file is described, for editors', () => {
  expect(undescribed(publishedSchema(testFileSchema))).toEqual([]);
});
