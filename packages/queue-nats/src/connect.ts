import { readFile } from 'node:fs/promises';
import { errorText, TalonError } from '@falco-talon/core';
import {
  connect as connectTo,
  credsAuthenticator,
  nkeyAuthenticator,
  type ConnectionOptions,
  type NatsConnection,
} from '@nats-io/transport-node';

/** Milliseconds between two tries to connect again. */
const RECONNECT_WAIT = 250;
/** Milliseconds between two pings; two without an answer end a connection that is cut but not closed. */
const PING = 1_500;

export interface ConnectSettings {
  readonly servers: readonly string[];
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  readonly nkey_seed?: string;
  readonly creds?: string;
  readonly ca_file?: string;
  readonly cert_file?: string;
  readonly key_file?: string;
  /** Milliseconds. */
  readonly limit: number;
  readonly signal: AbortSignal;
}

/**
 * Connects, and from then on stays connected for ever.
 * @throws TalonError `queue_failed` that says why the server cannot be used
 */
export async function connect(settings: ConnectSettings): Promise<NatsConnection> {
  refuseTwoIdentities(settings);
  const where = settings.servers.map(withoutUser).join(', ');
  const opening = connectTo({
    servers: [...settings.servers],
    name: 'falco-talon',
    timeout: settings.limit,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_WAIT,
    reconnectJitter: RECONNECT_WAIT,
    reconnectJitterTLS: RECONNECT_WAIT,
    pingInterval: PING,
    maxPingOut: 2,
    noAsyncTraces: true,
    // A credential that is being renewed is refused for a moment only.
    ignoreAuthErrorAbort: true,
    ...identity(settings),
    ...(await tls(settings)),
  });
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(settings.signal.reason);
  settings.signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([opening, aborted.promise]);
  } catch (error) {
    opening.then((late) => late.close()).catch(() => {});
    throw new TalonError('queue_failed', `NATS at ${where} cannot be used: ${reason(error)}.`, {
      retryable: true,
      cause: error,
    });
  } finally {
    settings.signal.removeEventListener('abort', abort);
  }
}

function refuseTwoIdentities({ user, token, nkey_seed, creds }: ConnectSettings): void {
  const given = Object.entries({ user, token, nkey_seed, creds }).flatMap(([name, value]) => (value ? [name] : []));
  if (given.length < 2) return;
  throw new TalonError('invalid_config', `queue.nats: give one of ${given.join(', ')}, not all of them.`);
}

function identity({ user, password, token, nkey_seed, creds }: ConnectSettings): Partial<ConnectionOptions> {
  const bytes = (text: string) => new TextEncoder().encode(text.trim());
  // The library wants the line end after the last line, which a file's reader may have taken away.
  if (creds) return { authenticator: credsAuthenticator(new TextEncoder().encode(`${creds.trim()}\n`)) };
  if (nkey_seed) return { authenticator: nkeyAuthenticator(bytes(nkey_seed)) };
  if (token) return { token };
  return user ? { user, ...(password !== undefined && { pass: password }) } : {};
}

/** Files are read again at each connection, so that a renewed certificate counts. */
async function tls({ servers, ca_file, cert_file, key_file }: ConnectSettings): Promise<Partial<ConnectionOptions>> {
  const wanted = servers.some((server) => /^(tls|wss):/i.test(server));
  if (!wanted && !ca_file && !cert_file) return {};
  if (Boolean(cert_file) !== Boolean(key_file)) {
    throw new TalonError('invalid_config', 'queue.nats: cert_file and key_file belong together.');
  }
  for (const [key, path] of Object.entries({ ca_file, cert_file, key_file })) {
    if (!path) continue;
    await readFile(path).catch((error: unknown) => {
      throw new TalonError('invalid_config', `queue.nats.${key}: ${path} cannot be read: ${errorText(error)}`);
    });
  }
  return {
    tls: {
      ...(ca_file && { caFile: ca_file }),
      ...(cert_file && { certFile: cert_file }),
      ...(key_file && { keyFile: key_file }),
    },
  };
}

/** Up to the last `@`: a password that was not escaped is one, too. */
function withoutUser(server: string): string {
  return server.replace(/^([a-z]+:\/\/)?.*@/is, '$1');
}

function reason(error: unknown): string {
  const text = errorText(error).replace(/\.$/, '');
  if (/authorization violation|authentication|authorization/i.test(text)) {
    return 'the server does not accept the credentials (user, password, token, nkey_seed or creds under queue.nats)';
  }
  if (/connection refused|ECONNREFUSED/i.test(text)) return 'nothing listens there (connection refused)';
  if (/ENOTFOUND|EAI_AGAIN/.test(text)) return `the name is not known (${text})`;
  if (/timeout/i.test(text)) return 'it did not answer in time';
  if (/certificate|self.signed|altnames|TLS|SSL/i.test(text)) {
    return `no trusted TLS connection (${text}); the authority belongs into queue.nats.ca_file`;
  }
  return text;
}
