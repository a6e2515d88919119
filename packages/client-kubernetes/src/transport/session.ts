import { setTimeout } from 'node:timers/promises';
import { errorText, TalonError, type Logger } from '@falco-talon/core';
import { connectionKey, type Credentials, type CredentialSource } from '../credentials/credentials.ts';
import type { Limits } from '../limits.ts';
import type { Session } from './call.ts';
import { openConnections, type Connections } from './connections.ts';
import type { Wire } from './exchange.ts';

export interface OpenSession extends Session {
  close(): Promise<void>;
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

  function connect(credentials: Credentials): { credentials: Credentials; key: string; wire: Wire } {
    const connections = openConnections(undici, credentials, limits);
    opened.add(connections);
    return { credentials, key: connectionKey(credentials), wire: wireOf(credentials, connections) };
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
      checked = now() - limits.credentialsAge + RETRY_READING;
      logger.warn('kubernetes credentials could not be read again; the ones in use stay', { error: errorText(error) });
    }
  }

  function adopt(credentials: Credentials): void {
    const old = current;
    const key = connectionKey(credentials);
    if (key !== old.key) {
      current = connect(credentials);
      const { connections } = old.wire;
      void connections.drain().then(() => opened.delete(connections));
      logger.info('kubernetes certificates were replaced');
    } else if (
      credentials.authorization !== old.credentials.authorization ||
      credentials.impersonate !== old.credentials.impersonate
    ) {
      current = { credentials, key, wire: wireOf(credentials, old.wire.connections) };
      logger.debug('kubernetes token was replaced');
    }
  }

  function assertOpen(): void {
    if (closing.signal.aborted) throw new TalonError('aborted', 'the Kubernetes client is closed');
  }

  return {
    now,
    wire() {
      assertOpen();
      // The wall clock may step back; that counts as old too.
      return Math.abs(now() - checked) < limits.credentialsAge ? current.wire : undefined;
    },
    async freshWire() {
      await read(false);
      assertOpen();
      return current.wire;
    },
    async renew(refused) {
      // A reading under way may have begun before the files changed.
      if (reading && current.wire === refused) await reading;
      if (current.wire === refused) await read(true);
      return current.wire !== refused;
    },
    async close() {
      closing.abort();
      const all = [...opened];
      const drained = Promise.all(all.map((connections) => connections.drain()));
      await Promise.race([drained, setTimeout(CLOSE_GRACE, undefined, { ref: false })]);
      await Promise.all(all.map((connections) => connections.destroy()));
      opened.clear();
    },
  };
}

function wireOf(credentials: Credentials, connections: Connections): Wire {
  const headers = ['user-agent', 'falco-talon'];
  if (credentials.authorization !== undefined) headers.push('authorization', credentials.authorization);
  if (credentials.impersonate !== undefined) headers.push('impersonate-user', credentials.impersonate);
  return { connections, basePath: credentials.basePath, headers };
}
