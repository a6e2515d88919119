import type { Static, TObject } from 'typebox';
import type { Permission } from './actionner.ts';
import type { Clients, Uses } from './client.ts';
import type { OutcomeRecord } from './record.ts';
import type { Scope } from './scope.ts';

export interface NotifierInput<S, U extends Uses> extends Scope {
  readonly settings: S;
  readonly clients: Clients<U>;
  readonly records: readonly OutcomeRecord[];
}

/** Who is told. Never in the way of the response: the engine bounds its queue, its time and its retries. */
export interface Notifier<S extends TObject = TObject, U extends Uses = Uses> {
  readonly kind: 'notifier';
  readonly apiVersion: 1;
  /** As rules refer to it, case-insensitively. Its settings stand under `notifiers.<name>`. */
  readonly name: string;
  readonly description: string;
  /** Keys that are required count only when the notifier is in use. */
  readonly settings: S;
  /** Former names of settings: `{ webhookurl: 'webhook_url' }`. */
  readonly oldNames?: Readonly<Record<string, string>>;
  readonly uses?: U;
  /** Rights it needs in a service whose permissions Falco Talon knows. */
  readonly permissions?: readonly Permission[];
  /** Most records and bytes per call, and the milliseconds to wait for them. Without it each call gets one record. */
  readonly batch?: { readonly records: number; readonly bytes: number; readonly delay: number };
  /**
   * Resolves when the records are delivered; lists the ones that were not.
   * @throws TalonError; a `retryable` one is repeated with backoff
   */
  notify(
    input: NotifierInput<Static<S>, U>,
  ): Promise<void | readonly { readonly index: number; readonly error: Error }[]>;
}

export function defineNotifier<const S extends TObject, const U extends Uses = {}>(
  definition: Omit<Notifier<S, U>, 'kind' | 'apiVersion'>,
): Notifier<S, U> {
  return { ...definition, kind: 'notifier', apiVersion: 1 };
}
