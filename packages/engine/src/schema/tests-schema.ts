import { jsonSchema, PRIORITIES } from '@falco-talon/core';
import type { Registry } from '../registry/registry.ts';
import { testFileSchema } from '../rules-test/test-file-schema.ts';
import { editorSchema, type EditorSchema } from './editor-schema.ts';

/**
 * JSON Schema (draft 07) of test files, for editors. Names of the loaded plugins are offered, not demanded: a test may
 * expect what is not there, and fail.
 */
export function testsSchema(registry: Registry): EditorSchema {
  const schema = editorSchema(jsonSchema(testFileSchema), 'whole', false);
  const offered: Readonly<Record<string, readonly string[]>> = {
    priority: PRIORITIES,
    actionner: [...registry.actionners.keys()].toSorted(),
    contexts: [...registry.contexts.keys()].toSorted(),
    notifiers: [...registry.notifiers.keys()].toSorted(),
  };
  return { $schema: 'http://json-schema.org/draft-07/schema#', ...(withExamples(schema, offered) as EditorSchema) };
}

/** Adds what is offered for a key to every property of that name, or to the items of its list. */
function withExamples(node: unknown, offered: Readonly<Record<string, readonly string[]>>): unknown {
  if (Array.isArray(node)) return node.map((item) => withExamples(item, offered));
  if (typeof node !== 'object' || node === null) return node;
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => {
      const inner = withExamples(value, offered);
      const examples = offered[key];
      if (examples === undefined || typeof inner !== 'object' || inner === null) return [key, inner];
      const { items } = inner as EditorSchema;
      return [
        key,
        items === undefined ? { ...inner, examples } : { ...inner, items: { ...(items as object), examples } },
      ];
    }),
  );
}
