import { publishedSchema, type JsonSchema, type TSchema } from '@falco-talon/core';
import { matchText, type Registry, type RuleSet } from '@falco-talon/engine';
import type { LoadedPlugins } from '../plugins/load-plugins.ts';

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
    destructive: part.destructive === true ? true : undefined,
    read_only: part.readOnly === true ? true : undefined,
    required_fields: part.requiredFields,
    parameters: keysOf(part.parameters),
    examples: part.examples,
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

/** A plugin with the names of everything it brings; a client also when its plugin only uses it. */
export function listPlugins({ plugins }: LoadedPlugins): readonly ListItem[] {
  const names = (parts: readonly { readonly name: string }[] = []) => parts.map(({ name }) => name);
  return plugins
    .map((plugin) =>
      filled({
        name: plugin.name,
        api_version: plugin.apiVersion,
        category: plugin.category,
        actionners: names(plugin.actionners).map((name) => `${plugin.category}:${name}`),
        outputs: names(plugin.outputs).map((name) => `${plugin.category}:${name}`),
        notifiers: names(plugin.notifiers),
        contexts: names(plugin.contexts),
        guards: names(plugin.guards),
        queues: names(plugin.queues),
        clients: plugin.clients?.map(({ id }) => id),
      }),
    )
    .toSorted((a, b) => (String(a['name']) < String(b['name']) ? -1 : 1));
}

/** Rules in the order they are tried. */
export function listRules({ rules }: RuleSet): readonly ListItem[] {
  return rules.map(({ name, description, match, actions, continue: goesOn, dryRun, notifiers, position }) =>
    filled({
      name,
      description: description === '' ? undefined : description,
      match: matchText(match),
      actions: actions.map((action) => ({ action: action.name, actionner: action.actionner })),
      continue: goesOn,
      dry_run: dryRun,
      notifiers,
      place: `${position.file}:${position.line}`,
    }),
  );
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
