import {
  asTalonError,
  TalonError,
  type Client,
  type Environment,
  type Logger,
  type MayAct,
  type Scope,
  type Target,
} from '@falco-talon/core';
import { withTimeLimit } from '../calls/time-limit.ts';
import type { Section } from '../lifecycle/engine.ts';

const CREATE_LIMIT = 30_000;
const CLOSE_LIMIT = 10_000;
const READY_LIMIT = 5_000;

export interface LeasedClient {
  readonly value: unknown;
  /** A view that asks before it changes something; the client itself when it has none. */
  fenced(mayAct: MayAct): unknown;
  /** A read-only view for one event; the empty object when the client has none. */
  reads(scope: Scope): unknown;
  /** What Falco Talon itself is to the service; nothing when the client does not know. */
  own(): readonly Target[];
}

/** The right to use clients. They stay open until every lease that asked for them is released. */
export interface ClientLease {
  /** @throws TalonError when the client cannot be created */
  get(id: string): Promise<LeasedClient>;
  /** The clients of a `uses`, under its names; fenced when `mayAct` is given. */
  all(uses: Readonly<Record<string, { readonly id: string }>>, mayAct?: MayAct): Promise<Record<string, unknown>>;
  release(): Promise<void>;
}

export interface ClientPool {
  lease(): ClientLease;
  /** One entry per open client. */
  ready(scope: Scope): Promise<readonly { readonly id: string; readonly error?: TalonError }[]>;
}

interface Open {
  readonly client: Client;
  readonly instance: Promise<unknown>;
  readonly lifetime: AbortController;
  leases: number;
  /** Still being created. */
  pending: boolean;
}

export interface ClientPoolDeps {
  readonly clients: ReadonlyMap<string, Client>;
  readonly sections: ReadonlyMap<string, Section>;
  readonly environment: Environment;
  readonly logger: Logger;
  readonly now: () => number;
}

/** Clients by id: created when first asked for, shared by all, closed when the last lease is released. */
export function createClientPool(deps: ClientPoolDeps): ClientPool {
  const open = new Map<string, Open>();

  function scopeOf(signal: AbortSignal): Scope {
    return { signal, logger: deps.logger, now: deps.now, span: (_, work) => work() };
  }

  function create(client: Client): Open {
    const lifetime = new AbortController();
    const section = deps.sections.get(client.id) ?? { value: {}, missing: [] };
    const instance =
      section.missing.length > 0
        ? Promise.reject(missingSettings(client, section))
        : createInTime(client, section, lifetime);
    const entry: Open = { client, instance, lifetime, leases: 0, pending: true };
    const settle = () => (entry.pending = false);
    instance.then(settle, () => {
      settle();
      lifetime.abort();
    });
    return entry;
  }

  function createInTime(client: Client, section: Section, lifetime: AbortController): Promise<unknown> {
    return withTimeLimit(`creating the client ${client.id}`, CREATE_LIMIT, lifetime.signal, async (limit) => {
      // What the client gets is its lifetime's signal; the limit's is only for its creation.
      const scope = scopeOf(lifetime.signal);
      const value: unknown = await client.create({ ...scope, settings: section.value, environment: deps.environment });
      if (limit.aborted) await close(client, value);
      return value;
    });
  }

  async function close(client: Client, value: unknown): Promise<void> {
    try {
      await withTimeLimit(`closing the client ${client.id}`, CLOSE_LIMIT, new AbortController().signal, async () =>
        client.close?.(value),
      );
    } catch (error) {
      deps.logger.warn('client was not closed cleanly', { client: client.id, error: asTalonError(error).message });
    }
  }

  function use(id: string): Open {
    const client = deps.clients.get(id);
    if (!client) throw new TalonError('invalid_plugin', `no loaded plugin brings the client ${id}`);
    let entry = open.get(id);
    if (!entry) {
      const created = create(client);
      entry = created;
      open.set(id, created);
      // A client that could not be created is tried again by the next lease that asks.
      created.instance.catch(() => open.get(id) === created && open.delete(id));
    }
    entry.leases++;
    return entry;
  }

  async function giveBack(entry: Open): Promise<void> {
    if (--entry.leases > 0) return;
    const { client, instance, lifetime } = entry;
    if (open.get(client.id) === entry) open.delete(client.id);
    // Nobody waits for a client that is still being created.
    if (entry.pending) lifetime.abort();
    const created = await instance.then(
      (value) => ({ value }),
      () => undefined,
    );
    if (created) await close(client, created.value);
    lifetime.abort();
  }

  function lease(): ClientLease {
    const held = new Map<string, Open>();
    let released = false;
    async function get(id: string): Promise<LeasedClient> {
      if (released) throw new TalonError('aborted', `the client ${id} is asked for by work that has ended`);
      let entry = held.get(id);
      if (!entry) {
        entry = use(id);
        held.set(id, entry);
      }
      const { client, instance } = entry;
      try {
        const value = await instance;
        return {
          value,
          fenced: (mayAct) => client.fenced?.(value, mayAct) ?? value,
          reads: (scope) => client.reads?.(value, scope) ?? {},
          own: () => client.own?.(value) ?? [],
        };
      } catch (error) {
        if (held.get(id) === entry) held.delete(id);
        throw error;
      }
    }
    return {
      get,
      async all(uses, mayAct) {
        const result: Record<string, unknown> = {};
        for (const [name, { id }] of Object.entries(uses)) {
          const client = await get(id);
          result[name] = mayAct ? client.fenced(mayAct) : client.value;
        }
        return result;
      },
      async release() {
        released = true;
        const entries = [...held.values()];
        held.clear();
        await Promise.all(entries.map(giveBack));
      },
    };
  }

  return {
    lease,
    ready: (scope) =>
      Promise.all(
        [...open.values()].map(async ({ client, instance }) => {
          try {
            await withTimeLimit(`checking the client ${client.id}`, READY_LIMIT, scope.signal, async (signal) =>
              client.ready?.(await instance, { ...scope, signal }),
            );
            return { id: client.id };
          } catch (error) {
            return { id: client.id, error: asTalonError(error) };
          }
        }),
      ),
  };
}

function missingSettings(client: Client, section: Section): TalonError {
  const where = client.section === '' ? 'the configuration' : `${client.section} in the configuration`;
  return new TalonError('invalid_config', `${where}: ${section.missing.map((issue) => issue.message).join('; ')}`);
}
