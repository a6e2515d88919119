import {
  definePlugin,
  errorText,
  TalonError,
  type Actionner,
  type Client,
  type Context,
  type Election,
  type Guard,
  type Notifier,
  type Output,
  type Plugin,
  type QueueDriver,
} from '@falco-talon/core';
import { protection } from '../guard/protection.ts';
import { memoryQueue } from '../queue/memory-queue.ts';
import { clientProblem, nameOf, partProblem, pluginProblem, type Part } from './part-problem.ts';

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
  readonly elections: Parts<Election>;
  /** By id. The first plugin that brings an id provides it for all. */
  readonly clients: ReadonlyMap<string, Client>;
}

/** Name of what the engine itself brings. */
export const ENGINE_PLUGIN = '@falco-talon/engine';
const enginePlugin = definePlugin({
  name: ENGINE_PLUGIN,
  category: 'engine',
  queues: [memoryQueue],
  guards: [protection],
});

/**
 * Checks the plugins and files their parts.
 * @throws TalonError `invalid_plugin` that lists every clash, each naming both packages
 */
export function buildRegistry(plugins: readonly Plugin[]): Registry {
  const problems = new Set<string>();
  const clients = new Map<string, Client>();
  const parts = {
    actionners: new Map<string, Owned<Actionner>>(),
    outputs: new Map<string, Owned<Output>>(),
    contexts: new Map<string, Owned<Context>>(),
    notifiers: new Map<string, Owned<Notifier>>(),
    guards: new Map<string, Owned<Guard>>(),
    queues: new Map<string, Owned<QueueDriver>>(),
    elections: new Map<string, Owned<Election>>(),
  };

  function file<T extends Part>(
    into: Map<string, Owned<T>>,
    plugin: Plugin,
    kind: T['kind'],
    items: readonly T[] | undefined,
    fullName: (item: T) => string,
  ): void {
    if (items !== undefined && !Array.isArray(items))
      return void problems.add(`${plugin.name}: its ${kind}s must be a list`);
    for (const part of items ?? []) {
      const problem = partProblem(plugin, part, kind);
      if (problem !== undefined) {
        problems.add(problem);
        continue;
      }
      const name = fullName(part);
      const other = into.get(name);
      if (other)
        problems.add(`${kind} ${name} is brought by both ${other.plugin} and ${plugin.name}; load only one of them`);
      else into.set(name, { part, plugin: plugin.name, category: plugin.category });
      for (const client of Object.values<Client>(part.uses ?? {})) addClient(plugin, client);
    }
  }

  function addClient(plugin: Plugin, client: Client): void {
    const problem = clientProblem(plugin, client);
    if (problem !== undefined) problems.add(problem);
    else if (!clients.has(client.id)) clients.set(client.id, client);
  }

  function add(plugin: Plugin): void {
    const problem = pluginProblem(plugin);
    if (problem !== undefined) return void problems.add(problem);
    for (const client of plugin.clients ?? []) addClient(plugin, client);
    const categorised = (part: { name: string }) => `${plugin.category}:${part.name}`;
    file(parts.actionners, plugin, 'actionner', plugin.actionners, categorised);
    file(parts.outputs, plugin, 'output', plugin.outputs, categorised);
    file(parts.contexts, plugin, 'context', plugin.contexts, (part) => part.name);
    file(parts.notifiers, plugin, 'notifier', plugin.notifiers, (part) => part.name);
    file(parts.guards, plugin, 'guard', plugin.guards, (part) => part.name);
    file(parts.queues, plugin, 'queue', plugin.queues, (part) => part.name);
    file(parts.elections, plugin, 'election', plugin.elections, (part) => part.name);
  }

  for (const plugin of [enginePlugin, ...plugins]) {
    try {
      add(plugin);
    } catch (error) {
      problems.add(`${nameOf(plugin) ?? 'a plugin'} cannot be read: ${errorText(error)}`);
    }
  }
  if (problems.size > 0) throw new TalonError('invalid_plugin', [...problems].join('\n'));
  return { ...parts, clients };
}
