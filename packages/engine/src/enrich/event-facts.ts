import {
  TalonError,
  valueText,
  type FalcoEvent,
  type Reads,
  type Scope,
  type Target,
  type Uses,
} from '@falco-talon/core';
import { withTimeLimit } from '../calls/time-limit.ts';
import type { ClientLease } from '../clients/client-pool.ts';
import type { Registry } from '../registry/registry.ts';

/** A slow call to the service it asks (10 s at most), and some. */
const CONTEXT_LIMIT = 12_000;

/** What was read and fetched for one event, shared by all its steps. */
export interface EventFacts {
  /**
   * The read-only views of these clients, so that an object is fetched once however many guards, contexts and checks ask.
   * They are shared until a step has acted.
   */
  reads<U extends Uses>(uses: U): Promise<Reads<U>>;
  /** What Falco Talon itself is, as far as these clients know. */
  own(uses: readonly Uses[]): Promise<readonly Target[]>;
  /** The next views remember nothing: for a repeat and for whatever follows a step that acted. Both must see what changed. */
  forget(): void;
  /**
   * The elements of these contexts. Fetched once per event; a failed fetch is not remembered.
   * @throws TalonError
   */
  contexts(names: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

/** `scope` is the event's, not a step's: the end of one step must not end what another one waits for. */
export function createEventFacts(event: FalcoEvent, registry: Registry, lease: ClientLease, scope: Scope): EventFacts {
  const views = new Map<string, unknown>();
  const fetched = new Map<string, Promise<Readonly<Record<string, unknown>>>>();

  const reads: EventFacts['reads'] = async <U extends Uses>(uses: U) => {
    const result: Record<string, unknown> = {};
    for (const [name, { id }] of Object.entries(uses)) {
      const client = await lease.get(id);
      if (!views.has(id)) views.set(id, client.reads(scope));
      result[name] = views.get(id);
    }
    return result as Reads<U>;
  };

  async function own(uses: readonly Uses[]): Promise<readonly Target[]> {
    const ids = new Set(uses.flatMap((used) => Object.values(used).map(({ id }) => id)));
    const clients = await Promise.all([...ids].map((id) => lease.get(id)));
    return clients.flatMap((client) => client.own());
  }

  async function fetch(name: string): Promise<Readonly<Record<string, unknown>>> {
    const context = registry.contexts.get(name)?.part;
    if (!context) throw new TalonError('invalid_rules', `context ${name} is not loaded any more`);
    const uses = context.uses ?? {};
    const clients = await lease.all(uses);
    const views = await reads(uses);
    const found = await withTimeLimit(`context ${name}`, CONTEXT_LIMIT, scope.signal, (signal) =>
      context.fetch({ ...scope, signal, event, reads: views, clients }),
    );
    return context.aliases ? withAliases(found, context.aliases) : found;
  }

  function fetchOnce(name: string): Promise<Readonly<Record<string, unknown>>> {
    let pending = fetched.get(name);
    if (!pending) {
      pending = fetch(name);
      fetched.set(name, pending);
      pending.catch(() => fetched.delete(name));
    }
    return pending;
  }

  return {
    reads,
    own,
    forget: () => views.clear(),
    async contexts(names) {
      const elements = new Map<string, string>();
      for (const found of await Promise.all(names.map(fetchOnce))) {
        for (const [key, value] of Object.entries(found)) {
          const text = valueText(value);
          if (text !== undefined) elements.set(key, text);
        }
      }
      return elements;
    },
  };
}

/** Each element also under the other spellings of its name; a spelling never takes the place of an element. */
function withAliases(
  elements: Readonly<Record<string, unknown>>,
  aliases: Readonly<Record<string, string>>,
): Readonly<Record<string, unknown>> {
  const spelled = Object.entries(aliases).filter(([, element]) => Object.hasOwn(elements, element));
  return { ...Object.fromEntries(spelled.map(([alias, element]) => [alias, elements[element]])), ...elements };
}
