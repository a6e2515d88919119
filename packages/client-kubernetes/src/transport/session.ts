import { errorText, type Logger } from '@falco-talon/core';
import { connectionKey, type Credentials, type CredentialSource } from '../credentials/credentials.ts';
import type { Limits } from '../limits.ts';
import type { Session } from './call.ts';
import { openConnections, type Connections } from './connections.ts';
import type { Identity, Wire } from './exchange.ts';

export interface OpenSession extends Session {
  close(): Promise<void>;
}

interface Current {
  /** Of the connections. */
  readonly key: string;
  readonly wire: Wire & { identity: Identity };
}

const RETRY_READING = 1_000;
const CLOSE_GRACE = 5_000;

/**
 * Keeps connections that fit the credentials. The files are looked at again every `limits.credentialsAge` when there are
 * calls: another token goes into the next request; other certificates get connections of their own, and the old ones end
 * with their last call. Files that cannot be read, or are half replaced, leave what is in use in force.
 * @throws TalonError `invalid_config` when there is nothing to begin with
 */
export async function openSession(
  source: CredentialSource,
  limits: Limits,
  scope: { readonly logger: Logger; readonly now: () => number; readonly signal: AbortSignal },
): Promise<OpenSession> {
  const { logger, now } = scope;
  // Created with the first client, not with the module: importing it takes 0.1 s and 25 MB.
  const undici = await import('undici');
  const closing = new AbortController();
  const opened = new Set<Connections>();
  let checked = now();
  let current = connect(await source({ refused: false, signal: scope.signal }));
  let reading: Promise<void> | undefined;

  function connect(credentials: Credentials): Current {
    const connections = openConnections(undici, credentials, limits);
    opened.add(connections);
    const { origin, tls, basePath } = credentials;
    const wire = { connections, origin, tls, basePath, identity: identityOf(credentials) };
    return { key: connectionKey(credentials), wire };
  }

  /** One reading at a time, shared by all who ask meanwhile. Never rejects. */
  function read(refused: boolean): Promise<void> {
    reading ??= reread(refused).finally(() => (reading = undefined));
    return reading;
  }

  async function reread(refused: boolean): Promise<void> {
    try {
      adopt(await source({ refused, signal: closing.signal }));
      checked = now();
    } catch (error) {
      if (closing.signal.aborted) return;
      checked = now() - limits.credentialsAge + RETRY_READING;
      logger.warn('kubernetes credentials could not be read again; the ones in use stay', { error: errorText(error) });
    }
  }

  function adopt(credentials: Credentials): void {
    if (closing.signal.aborted) return;
    const old = current;
    const key = connectionKey(credentials);
    if (key !== old.key) {
      current = connect(credentials);
      const { connections } = old.wire;
      void connections.drain().then(() => opened.delete(connections));
      logger.info('kubernetes certificates were replaced');
    } else {
      const identity = identityOf(credentials);
      if (JSON.stringify(identity) === JSON.stringify(old.wire.identity)) return;
      old.wire.identity = identity;
      logger.debug('kubernetes token was replaced');
    }
  }

  return {
    now,
    closed: () => closing.signal.aborted,
    closing: closing.signal,
    // The wall clock may step back; that counts as old too.
    wire: () => (Math.abs(now() - checked) < limits.credentialsAge ? current.wire : undefined),
    async freshWire() {
      // Slow files, or a program that hangs, must not hold up calls the old credentials are still good for.
      await atMost(limits.credentialsTime, read(false));
      return current.wire;
    },
    async renew(refused) {
      const resume = current.wire.connections.hold();
      // A reading under way may have begun before the files changed.
      if (reading && current.wire.identity === refused) await atMost(limits.attemptTime, reading);
      if (current.wire.identity === refused) await atMost(limits.attemptTime, read(true));
      resume();
      return current.wire.identity !== refused;
    },
    async close() {
      closing.abort();
      const all = [...opened];
      const drained = Promise.all(all.map((connections) => connections.drain()));
      await atMost(CLOSE_GRACE, drained);
      await Promise.all(all.map((connections) => connections.destroy()));
      opened.clear();
    },
  };
}

function identityOf(credentials: Credentials): Identity {
  const headers = ['user-agent', 'falco-talon'];
  if (credentials.authorization !== undefined) headers.push('authorization', credentials.authorization);
  if (credentials.impersonate !== undefined) headers.push('impersonate-user', credentials.impersonate);
  return headers;
}

/** Resolves when the work is done, or the time is over. */
async function atMost(milliseconds: number, work: Promise<unknown>): Promise<void> {
  const over = Promise.withResolvers<void>();
  const timer = setTimeout(over.resolve, milliseconds);
  await Promise.race([work, over.promise]);
  clearTimeout(timer);
}
