import type { Clients, Reads, Uses } from './client.ts';
import type { FalcoEvent } from './event.ts';
import type { Scope } from './scope.ts';
import type { Permission } from './actionner.ts';

export interface ContextInput<U extends Uses> extends Scope {
  readonly event: FalcoEvent;
  readonly reads: Reads<U>;
  readonly clients: Clients<U>;
}

/** Facts added to the event before an action runs. Fetched once per event, however many actions ask. */
export interface Context<U extends Uses = Uses> {
  readonly kind: 'context';
  readonly apiVersion: 1;
  /** As rules refer to it: `aws`, `k8snode`. */
  readonly name: string;
  readonly description: string;
  readonly uses?: U;
  /** Every element it can add, with its meaning: `{ 'node.hostname': '…' }`. */
  readonly elements: Readonly<Record<string, string>>;
  /** Other spellings of elements that rules and scripts may use: `{ 'node.spec.providedid': 'node.spec.providerid' }`. */
  readonly aliases?: Readonly<Record<string, string>>;
  readonly permissions: readonly Permission[];
  /** Rejects when a fact cannot be had: the action then fails. */
  fetch(input: ContextInput<U>): Promise<Readonly<Record<string, string>>>;
}

export function defineContext<const U extends Uses = {}>(
  definition: Omit<Context<U>, 'kind' | 'apiVersion'>,
): Context<U> {
  return { ...definition, kind: 'context', apiVersion: 1 };
}
