import { publishedSchema, type JsonSchema, type TSchema } from '@falco-talon/core';
import type { Registry } from '@falco-talon/engine';
import { stringify } from 'yaml';

export const LIST_FORMATS = ['yaml', 'json', 'table'] as const;
export type ListFormat = (typeof LIST_FORMATS)[number];

/** One entry of a list; empty keys are left out. The first key is its name. */
export type ListItem = Readonly<Record<string, unknown>>;

export function listActionners({ actionners }: Registry): readonly ListItem[] {
  return byName(actionners, (name, { part, plugin, category }) => ({
    name,
    category,
    description: part.description,
    stability: part.stability,
    sources: part.sources,
    continue: part.continue,
    output: part.output,
    required_fields: part.requiredFields,
    parameters: keysOf(part.parameters),
    permissions: part.permissions,
    plugin,
  }));
}

export function listOutputs({ outputs }: Registry): readonly ListItem[] {
  return byName(outputs, (name, { part, plugin, category }) => ({
    name,
    category,
    description: part.description,
    parameters: keysOf(part.parameters),
    permissions: part.permissions,
    plugin,
  }));
}

export function listNotifiers({ notifiers }: Registry): readonly ListItem[] {
  return byName(notifiers, (name, { part, plugin }) => ({
    name,
    description: part.description,
    settings: keysOf(part.settings),
    plugin,
  }));
}

export function listContexts({ contexts }: Registry): readonly ListItem[] {
  return byName(contexts, (name, { part, plugin }) => ({
    name,
    description: part.description,
    elements: part.elements,
    permissions: part.permissions,
    plugin,
  }));
}

export function formatList(items: readonly ListItem[], format: ListFormat): string {
  if (format === 'json') return JSON.stringify(items, undefined, 2);
  if (format === 'yaml')
    return items.length === 0 ? '[]' : stringify(items, { lineWidth: 0, aliasDuplicateObjects: false });
  const rows = items.map((item) => [String(item['name']), String(item['description'])]);
  const width = Math.max(0, ...rows.map(([name]) => name!.length));
  return rows.map(([name, description]) => `${name!.padEnd(width)}  ${description}`).join('\n');
}

function byName<T>(parts: ReadonlyMap<string, T>, item: (name: string, part: T) => ListItem): readonly ListItem[] {
  return [...parts].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, part]) => filled(item(name, part)));
}

function filled(item: ListItem): ListItem {
  return Object.fromEntries(Object.entries(item).filter(([, value]) => !isEmpty(value)));
}

function isEmpty(value: unknown): boolean {
  return value === undefined || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
}

/** What a person needs to know of each key. */
function keysOf(schema: TSchema): ListItem {
  const { properties = {}, required = [] } = publishedSchema(schema);
  return Object.fromEntries(
    Object.entries(properties).map(([key, property]) => [
      key,
      filled({
        type: keyType(property),
        required: required.includes(key) ? true : undefined,
        default: property.default,
        description: property.description,
      }),
    ]),
  );
}

/** The type of a key with its bounds: `integer, from 1 to 30`. */
export function keyType(schema: JsonSchema): string {
  const bounds = [
    ...(schema.minimum === undefined ? [] : [`from ${schema.minimum}`]),
    ...(schema.maximum === undefined ? [] : [`to ${schema.maximum}`]),
  ].join(' ');
  return bounds === '' ? typeText(schema) : `${typeText(schema)}, ${bounds}`;
}

/** The type of a value in words: `string`, `list of string`, `pod | node`. */
function typeText(schema: JsonSchema): string {
  if (schema.enum) return schema.enum.join(' | ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.anyOf) return schema.anyOf.map(typeText).join(' | ');
  if (schema.type === 'array') return `list of ${schema.items ? typeText(schema.items) : 'anything'}`;
  if (schema.type === 'object') return 'map';
  return schema.type ?? 'anything';
}
