import { TalonError, type FalcoEvent, type Scope } from '@falco-talon/core';
import { withTimeLimit } from '../calls/time-limit.ts';
import type { ClientLease } from '../clients/client-pool.ts';
import type { Registry } from '../registry/registry.ts';

const CONTEXT_LIMIT = 5_000;

/** What was read and fetched for one event, shared by all its steps. */
export interface EventFacts {
  /**
   * The read-only views of these clients; each is made once per event. `fresh`: new ones that remember nothing, for a
   * repeat after a conflict.
   */
  reads(uses: Readonly<Record<string, { readonly id: string }>>, scope: Scope, fresh: boolean): Promise<Record<string, unknown>>;
  /**
   * The elements of these contexts. Fetched once per event; a failed fetch is not remembered.
   * @throws TalonError
   */
  contexts(names: readonly string[], scope: Scope): Promise<ReadonlyMap<string, string>>;
}

export function createEventFacts(event: FalcoEvent, registry: Registry, lease: ClientLease): EventFacts {
  const views = new Map<string, unknown>();
  const fetched = new Map<string, Promise<Readonly<Record<string, string>>>>();

  const reads: EventFacts['reads'] = async (uses, scope, fresh) => {
    if (fresh) views.clear();
    const result: Record<string, unknown> = {};
    for (const [name, { id }] of Object.entries(uses)) {
      const client = await lease.get(id);
      if (!views.has(id)) views.set(id, client.reads(scope));
      result[name] = views.get(id);
    }
    return result;
  };

  async function fetch(name: string, scope: Scope): Promise<Readonly<Record<string, string>>> {
    const context = registry.contexts.get(name)?.part;
    if (!context) throw new TalonError('invalid_rules', `context ${name} is not loaded any more`);
    const uses = context.uses ?? {};
    const clients = await lease.all(uses);
    const views = await reads(uses, scope, false);
    return withTimeLimit(`context ${name}`, CONTEXT_LIMIT, scope.signal, (signal) =>
      context.fetch({ ...scope, signal, event, reads: views, clients }),
    );
  }

  return {
    reads,
    async contexts(names, scope) {
      const elements = new Map<string, string>();
      for (const name of names) {
        let pending = fetched.get(name);
        if (!pending) {
          pending = fetch(name, scope);
          fetched.set(name, pending);
          pending.catch(() => fetched.delete(name));
        }
        for (const [key, value] of Object.entries(await pending)) elements.set(key, value);
      }
      return elements;
    },
  };
}
