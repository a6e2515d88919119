import type { JsonSchema } from '@falco-talon/core';
import { editorSchema, inAnyCase, when, type EditorSchema, type Registry } from '@falco-talon/engine';
import { environmentKeys } from './environment.ts';
import { squeezed } from './file-values.ts';
import { ownersOf, schemaTree, secretFileKey, type Branch, type Leaf } from './owners.ts';

/**
 * JSON Schema (draft 07) of config.yaml, for editors: the program's keys and those of the loaded plugins. Nothing is
 * required, since settings count only when their owner is in use. Names of earlier releases are accepted and marked.
 */
export function configSchema(registry: Registry): EditorSchema {
  const { root } = schemaTree(ownersOf(registry));
  const variables = new Map(environmentKeys(root).map(({ path, name }) => [path.join('.'), name]));
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    description: 'Configuration of Falco Talon.',
    ...branchSchema(root, []),
  };

  function branchSchema(node: Branch, path: readonly string[]): EditorSchema {
    const keys = [...node.keys];
    return {
      type: ['object', 'null'],
      properties: Object.fromEntries([
        ...keys.map(([key, child]) => [key, nodeSchema(child, [...path, key])] as const),
        ...keys.flatMap(([key]) => secretFile(key, node)),
        ...Array.from(node.oldNames, ([old, key]) => [old, renamed(key, path)] as const),
      ]),
      patternProperties: Object.fromEntries(keys.map(([key]) => [squeezedPattern(key), renamed(key, path)])),
      additionalProperties: false,
    };
  }

  function nodeSchema(node: Branch | Leaf, path: readonly string[]): EditorSchema {
    if (node.type === 'branch') return branchSchema(node, path);
    const { schema, owner, required } = node;
    if (owner === undefined) return { description: 'Accepted and without effect: no loaded plugin owns it.' };
    const variable = variables.get(path.join('.'));
    const description = [schema.description, variable && `Environment variable: ${variable}.`]
      .filter(Boolean)
      .join(' ');
    const own = editorSchema({ ...schema, description }, 'whole');
    const value = schema.type === 'array' ? orOneItem(own, schema, offered(path, registry)) : own;
    return required ? orEmpty(value) : value;
  }
}

/** Any spelling without `_`, as earlier releases had it: listenAddress, LISTENADDRESS. Today's name is not among them. */
function squeezedPattern(key: string): string {
  return `^(?!${key}$)${inAnyCase(squeezed(key))}$`;
}

function renamed(key: string, path: readonly string[]): EditorSchema {
  const pointer = [...path, key].map((part) => `properties/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`);
  return { allOf: [{ $ref: `#/${pointer.join('/')}` }], deprecationMessage: `today this key is called ${key}` };
}

/** A secret may come from a file. */
function secretFile(key: string, node: Branch): readonly (readonly [string, EditorSchema])[] {
  const file = `${key}_file`;
  if (secretFileKey(file, node) === undefined) return [];
  const description = `A file that holds ${key}; a relative path starts at this file.`;
  return [[file, editorSchema({ type: 'string', description }, 'whole')]];
}

function offered(path: readonly string[], { notifiers }: Registry): readonly string[] {
  return path.join('.') === 'default_notifiers' ? [...notifiers.keys()].toSorted() : [];
}

/** A list of one item may be written without the list. */
function orOneItem(list: EditorSchema, { items = {} }: JsonSchema, examples: readonly string[]): EditorSchema {
  const { type, minItems, description, ...rest } = list;
  const more = examples.length === 0 ? {} : { items: { ...(list['items'] as EditorSchema), examples } };
  const one = editorSchema(items, 'whole');
  return { description, ...rest, ...more, ...when({ type }, minItems === undefined ? {} : { minItems }, one) };
}

/** Charts render required settings that were not given as `""`. */
function orEmpty(schema: EditorSchema): EditorSchema {
  const { pattern, enum: words } = schema;
  return {
    ...schema,
    minLength: 0,
    ...(typeof pattern === 'string' ? { pattern: `^$|${pattern}` } : {}),
    ...(Array.isArray(words) ? { enum: [...(words as unknown[]), ''] } : {}),
  };
}
