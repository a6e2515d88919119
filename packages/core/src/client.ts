import type { Static, TObject } from 'typebox';
import type { Scope } from './scope.ts';
import type { Target } from './target.ts';

/**
 * A connection that every plugin of a category shares: created once per process when the first rule set needs it,
 * closed when the last one using it has drained, and possibly created again.
 *
 * `T` and `R` are interfaces, never classes, so that fakes and second copies fit.
 */
// oxlint-disable-next-line typescript/no-explicit-any -- a list of clients of different types needs the open default
export interface Client<T = any, R = any, S extends TObject = any> {
  readonly kind: 'client';
  readonly apiVersion: 1;
  /** Unique in a process; the distribution's own client wins over one of the same id that a plugin brings. */
  readonly id: string;
  /** Where `settings` stand in config.yaml: `aws`, `notifiers.slack`; empty for the top level. */
  readonly section: string;
  readonly settings: S;
  create(scope: Scope & { readonly settings: Static<S>; readonly environment: Environment }): Promise<T>;
  /**
   * A view that cannot change anything and remembers what it read: shared by the guards, contexts and actions of an event
   * until one of its steps has acted, since the next step must see what that one changed.
   */
  reads?(client: T, scope: Scope): R;
  /**
   * A view that calls `mayAct` immediately before each request that changes something is written, and lets what it throws
   * through: so an attempt that was left behind, or a replica that has lost its lead, changes nothing. What `run` gets.
   */
  fenced?(client: T, mayAct: MayAct): T;
  /**
   * What this process itself is to the service: objects, and namespaces (`kind: 'namespace'`) with all that is in them.
   * Nothing that has an effect is done to them. Asks nobody.
   */
  own?(client: T): readonly Target[];
  /** Rejects with a `TalonError` that says what is missing when the service cannot be used now. Part of `/readyz`. */
  ready?(client: T, scope: Scope): Promise<void>;
  close?(client: T): Promise<void>;
}

/**
 * Throws when nothing may be changed now. `ends`: the request only ends what this attempt began (a Job, a command that
 * runs), which it may do after its time limit too, though not when another replica may lead.
 */
export type MayAct = (effect?: 'ends') => void;

/** What a client may know of its surroundings; handed in, so that none reads `process.env`. */
export interface Environment {
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly homeDirectory: string;
}

export type Uses = Readonly<Record<string, Client>>;
export type Clients<U extends Uses> = { readonly [K in keyof U]: U[K] extends Client<infer T> ? T : never };
// oxlint-disable-next-line typescript/no-explicit-any -- the same open default
export type Reads<U extends Uses> = { readonly [K in keyof U]: U[K] extends Client<any, infer R> ? R : never };

export function defineClient<T, R, S extends TObject>(
  definition: Omit<Client<T, R, S>, 'kind' | 'apiVersion'>,
): Client<T, R, S> {
  return { ...definition, kind: 'client', apiVersion: 1 };
}
