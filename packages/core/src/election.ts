import type { Static, TObject } from 'typebox';
import type { Permission } from './actionner.ts';
import type { Clients, Environment, Uses } from './client.ts';
import type { Scope } from './scope.ts';

/** Another replica of this installation, as the election knows it. */
export interface Replica {
  /** Unique among the replicas that run: the pod's name. */
  readonly identity: string;
  /** Where it takes what others hand over: `http://10.0.0.7:2803`. */
  readonly address: string;
  /** What signs its messages: Ed25519, SPKI, base64. Only members of the installation can have published it. */
  readonly publicKey: string;
  /** SHA-256 of the certificate its address shows, in hexadecimal digits; only there with `https:`. */
  readonly certificate?: string;
}

/**
 * A lead that lasts until it is not renewed in time.
 * Its end is told by a clock that goes on while the process is frozen, so that one that wakes knows at once.
 */
export interface Lead {
  /** Grows with each change of the leader. */
  readonly term: number;
  /** Milliseconds of `performance.now()`; from then on another replica may lead. */
  readonly until: number;
}

export interface Candidacy {
  /** Undefined when another replica leads or may lead now. Cheap: asked before each request that changes something. */
  lead(): Lead | undefined;
  /** Who leads, as far as is known; itself included. */
  leader(): Replica | undefined;
  /** The others, as last known: one that cannot find out who leads can still ask them. */
  others(): readonly Replica[];
  /** The replicas whose messages count, by identity. */
  replica(identity: string): Promise<Replica | undefined>;
  /** This replica is reached elsewhere, or by another certificate, from now on. */
  announce(self: Replica): void;
  /** Called after each change of what `lead` or `leader` say. */
  watch(changed: () => void): void;
  /** Gives the lead up, so that another one need not wait for its end. */
  close(): Promise<void>;
}

/** Chooses one of several replicas that do not share a queue: it acts, the others accept and hand over. */
export interface Election<U extends Uses = Uses, S extends TObject = TObject> {
  readonly kind: 'election';
  readonly apiVersion: 1;
  readonly name: string;
  readonly description: string;
  readonly uses?: U;
  /** They stand under `election.<name>`. */
  readonly settings: S;
  readonly permissions?: readonly Permission[];
  /**
   * Why there is nobody here to choose among (this is no cluster), in words for the log; undefined: there may be. Sends
   * nothing.
   */
  absent?(input: { readonly settings: Static<S>; readonly environment: Environment }): Promise<string | undefined>;
  /**
   * Becomes a candidate and stays one until `close`, whatever happens to a lead in between.
   * @throws TalonError when it cannot be one: rights that are missing, no cluster
   */
  stand(
    input: Scope & { readonly settings: Static<S>; readonly clients: Clients<U>; readonly self: Replica },
  ): Promise<Candidacy>;
}

export function defineElection<const S extends TObject, const U extends Uses = {}>(
  definition: Omit<Election<U, S>, 'kind' | 'apiVersion'>,
): Election<U, S> {
  return { ...definition, kind: 'election', apiVersion: 1 };
}
