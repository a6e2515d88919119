import {
  API_VERSION,
  definePlugin,
  TalonError,
  type Actionner,
  type Client,
  type Context,
  type Guard,
  type Notifier,
  type Output,
  type Plugin,
  type QueueDriver,
} from '@falco-talon/core';
import { memoryQueue } from '../queue/memory-queue.ts';

interface Owned<T> {
  readonly part: T;
  /** Name of the plugin that brought it. */
  readonly plugin: string;
  readonly category: string;
}
type Parts<T> = ReadonlyMap<string, Owned<T>>;

/** Every part of every loaded plugin under its full name. */
export interface Registry {
  readonly actionners: Parts<Actionner>;
  readonly outputs: Parts<Output>;
  readonly contexts: Parts<Context>;
  /** By lower-case name. */
  readonly notifiers: Parts<Notifier>;
  readonly guards: Parts<Guard>;
  readonly queues: Parts<QueueDriver>;
  /** By id. The first plugin that brings an id provides it for all. */
  readonly clients: ReadonlyMap<string, Client>;
}

/** What the engine itself brings. */
const enginePlugin = definePlugin({ name: '@falco-talon/engine', category: 'queue', queues: [memoryQueue] });

const NAME = /^[a-z][a-z0-9_-]{0,62}$/;

/**
 * Checks the plugins and files their parts.
 * @throws TalonError `invalid_plugin` that lists every clash, each naming both packages
 */
export function buildRegistry(plugins: readonly Plugin[]): Registry {
  const problems: string[] = [];
  const clients = new Map<string, Client>();
  const parts = {
    actionners: new Map<string, Owned<Actionner>>(),
    outputs: new Map<string, Owned<Output>>(),
    contexts: new Map<string, Owned<Context>>(),
    notifiers: new Map<string, Owned<Notifier>>(),
    guards: new Map<string, Owned<Guard>>(),
    queues: new Map<string, Owned<QueueDriver>>(),
  };

  function file<T extends { name: string; kind: string; apiVersion: number; uses?: Readonly<Record<string, Client>> }>(
    into: Map<string, Owned<T>>,
    plugin: Plugin,
    items: readonly T[] | undefined,
    fullName: (item: T) => string,
  ): void {
    for (const part of items ?? []) {
      const name = fullName(part);
      const other = into.get(name);
      if (part.apiVersion !== API_VERSION)
        problems.push(versionProblem(`${part.kind} ${name} of ${plugin.name}`, part.apiVersion));
      else if (!NAME.test(part.name))
        problems.push(
          `${plugin.name}: ${JSON.stringify(part.name)} is no name for a ${part.kind}; use lower-case letters, digits, - and _`,
        );
      else if (other)
        problems.push(
          `${part.kind} ${name} is brought by both ${other.plugin} and ${plugin.name}; load only one of them`,
        );
      else into.set(name, { part, plugin: plugin.name, category: plugin.category });
      for (const client of Object.values(part.uses ?? {})) addClient(plugin, client);
    }
  }

  function addClient(plugin: Plugin, client: Client): void {
    if (client.apiVersion !== API_VERSION)
      problems.push(versionProblem(`client ${client.id} of ${plugin.name}`, client.apiVersion));
    else if (!clients.has(client.id)) clients.set(client.id, client);
  }

  for (const plugin of [enginePlugin, ...plugins]) {
    const problem = pluginProblem(plugin);
    if (problem !== undefined) {
      problems.push(problem);
      continue;
    }
    for (const client of plugin.clients ?? []) addClient(plugin, client);
    const categorised = (part: { name: string }) => `${plugin.category}:${part.name}`;
    file(parts.actionners, plugin, plugin.actionners, categorised);
    file(parts.outputs, plugin, plugin.outputs, categorised);
    file(parts.contexts, plugin, plugin.contexts, (part) => part.name);
    file(parts.notifiers, plugin, plugin.notifiers, (part) => part.name.toLowerCase());
    file(parts.guards, plugin, plugin.guards, (part) => part.name);
    file(parts.queues, plugin, plugin.queues, (part) => part.name);
  }
  if (problems.length > 0) throw new TalonError('invalid_plugin', problems.join('\n'));
  return { ...parts, clients };
}

function pluginProblem(plugin: Plugin): string | undefined {
  if (typeof plugin !== 'object' || plugin === null || plugin.kind !== 'plugin') {
    return 'a plugin must be what definePlugin() returns, as the default export of its package';
  }
  const name = typeof plugin.name === 'string' && plugin.name !== '' ? plugin.name : undefined;
  if (name === undefined) return 'a plugin has no name';
  if (plugin.apiVersion !== API_VERSION) return versionProblem(`plugin ${name}`, plugin.apiVersion);
  if (!NAME.test(plugin.category))
    return `${name}: ${JSON.stringify(plugin.category)} is no category name; use lower-case letters, digits, - and _`;
  return undefined;
}

function versionProblem(what: string, version: unknown): string {
  return `${what} was made for version ${String(version)} of the plugin contract, this is version ${API_VERSION}; install matching versions`;
}
