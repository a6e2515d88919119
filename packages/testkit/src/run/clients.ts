import {
  fit,
  TalonError,
  type Client,
  type Clients,
  type Environment,
  type Reads,
  type Scope,
  type Uses,
} from '@falco-talon/core';
import { issueText } from './issue-text.ts';
import { testScope, type LogLine } from './scope.ts';

/** Settings by client id, as they would stand in the section of config.yaml. */
export type ClientSettings = Readonly<Record<string, unknown>>;

/** An environment with nothing in it: a test says what a client may know. */
const EMPTY_ENVIRONMENT: Environment = { variables: {}, homeDirectory: '/nonexistent' };

export interface OpenClientsOptions<U extends Uses = Uses> {
  readonly settings?: ClientSettings;
  readonly environment?: Environment;
  /** Used as they are instead of being created; never closed. */
  readonly fakes?: Partial<Clients<U>>;
}

export interface OpenClients<U extends Uses> {
  readonly clients: Clients<U>;
  /** What the clients themselves logged. */
  readonly lines: readonly LogLine[];
  /** Views for one event: made once, remember what they read. */
  reads(scope: Scope): Reads<U>;
  /** Closes in reverse order of creation. */
  close(): Promise<void>;
}

/**
 * Creates the clients a part uses, as the engine does when the first rule set needs them.
 * @throws TalonError `invalid_config` when the settings do not fit
 */
export async function openClients<U extends Uses>(
  uses: U | undefined,
  options: OpenClientsOptions<U> = {},
): Promise<OpenClients<U>> {
  const ending = new AbortController();
  const scope = testScope({ signal: ending.signal });
  const clients: Record<string, unknown> = {};
  const created: (() => Promise<void>)[] = [];

  async function close(): Promise<void> {
    for (const end of created.splice(0).toReversed()) await end();
    ending.abort();
  }

  try {
    for (const [key, client] of Object.entries(uses ?? {})) {
      const fake = options.fakes?.[key];
      if (fake !== undefined) {
        clients[key] = fake;
        continue;
      }
      const { value, issues } = fit(client.settings, options.settings?.[client.id] ?? {});
      if (issues.length > 0)
        throw new TalonError('invalid_config', `settings of client ${client.id}: ${issueText(issues)}`);
      const made: unknown = await client.create({
        ...scope,
        settings: value,
        environment: options.environment ?? EMPTY_ENVIRONMENT,
      });
      clients[key] = made;
      created.push(async () => await client.close?.(made));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    clients: clients as Clients<U>,
    lines: scope.lines,
    reads: (runScope) => readsOf<U>(uses, clients, runScope),
    close,
  };
}

/** Each view is made when first asked for, then kept. */
function readsOf<U extends Uses>(
  uses: U | undefined,
  clients: Readonly<Record<string, unknown>>,
  scope: Scope,
): Reads<U> {
  const views: Record<string, unknown> = {};
  for (const [key, client] of Object.entries<Client>(uses ?? {})) {
    let made: { readonly view: unknown } | undefined;
    Object.defineProperty(views, key, {
      enumerable: true,
      get: () => (made ??= { view: client.reads?.(clients[key], scope) }).view,
    });
  }
  return views as Reads<U>;
}
