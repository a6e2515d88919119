import type { Actionner } from './actionner.ts';
import type { Client } from './client.ts';
import type { Context } from './context.ts';
import type { Election } from './election.ts';
import type { Guard } from './guard.ts';
import type { Notifier } from './notifier.ts';
import type { Output } from './output.ts';
import type { QueueDriver } from './queue.ts';

/** The version of this contract. A plugin made for another one is refused at start. */
export const API_VERSION = 1;

/** The only default export of a plugin package. */
export interface Plugin {
  readonly kind: 'plugin';
  readonly apiVersion: 1;
  /** The package's name, for messages. */
  readonly name: string;
  /** First part of the full names of its actionners and outputs: `kubernetes`. Several plugins may share one. */
  readonly category: string;
  readonly actionners?: readonly Actionner[];
  readonly contexts?: readonly Context[];
  readonly outputs?: readonly Output[];
  readonly notifiers?: readonly Notifier[];
  readonly queues?: readonly QueueDriver[];
  readonly guards?: readonly Guard[];
  readonly elections?: readonly Election[];
  /** Clients the distribution wants to provide under their id; the ones in `uses` need not be repeated. */
  readonly clients?: readonly Client[];
}

export function definePlugin(definition: Omit<Plugin, 'kind' | 'apiVersion'>): Plugin {
  return { ...definition, kind: 'plugin', apiVersion: API_VERSION };
}
