import { errorText } from '@falco-talon/core';

/** Time for one request and its answer. Milliseconds. */
const TIME_LIMIT = 10_000;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export interface Request {
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes of the answer that are read. */
  readonly limit: number;
  /** Milliseconds; a shorter one than usual. */
  readonly time?: number;
}

/**
 * One request. Credentials in the URL go as Basic authentication, redirects are not followed, the answer is bounded in time
 * and size.
 * @throws Error whose message says in words why there is no answer, and what to do
 */
export async function exchange({ url, method, body, headers, limit, time = TIME_LIMIT }: Request): Promise<Answer> {
  const signal = AbortSignal.timeout(time);
  try {
    const response = await fetch(withoutCredentials(url), {
      method,
      redirect: 'manual',
      signal,
      headers: { ...authorization(url), ...headers },
      ...(body === undefined ? {} : { body }),
    });
    return { status: response.status, headers: response.headers, text: await boundedText(response, limit) };
  } catch (error) {
    if (signal.aborted)
      throw new Error(
        `no answer within ${time / 1000} s; does the address belong to Falco Talon, and is it overloaded?`,
      );
    throw new Error(failureText(error, url), { cause: error });
  }
}

/** What may be shown and logged: a path may be a secret, too. */
export function shownUrl({ origin, pathname }: URL): string {
  return pathname === '/' ? `${origin}/` : `${origin}/…`;
}

function withoutCredentials(url: URL): URL {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  return bare;
}

function authorization({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const credentials = `${unescaped(username)}:${unescaped(password)}`;
  return { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

async function boundedText({ body }: Response, limit: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= limit) break;
  }
  return Buffer.concat(chunks).subarray(0, limit).toString('utf8');
}

const FAILURES: Readonly<Record<string, (url: URL) => string>> = {
  ECONNREFUSED: ({ host }) => `nothing listens on ${host}; start falco-talon server, or name its address with --url`,
  ENOTFOUND: ({ hostname }) => `there is no host ${hostname}; check the name, or use kubectl port-forward and --url`,
  EAI_AGAIN: ({ hostname }) => `the name ${hostname} cannot be looked up now; check the DNS of this machine`,
  EHOSTUNREACH: ({ host }) => `no way leads to ${host}; check the address and the network`,
  ENETUNREACH: ({ host }) => `no way leads to ${host}; check the address and the network`,
  ETIMEDOUT: ({ host }) => `${host} does not answer; is a firewall or a NetworkPolicy in between?`,
  UND_ERR_CONNECT_TIMEOUT: ({ host }) => `${host} does not answer; is a firewall or a NetworkPolicy in between?`,
  ECONNRESET: ({ host }) => `${host} closed the connection; does it want https:// or a client certificate?`,
  UND_ERR_SOCKET: ({ host }) => `${host} closed the connection; does it want https:// or a client certificate?`,
  EPROTO: ({ host }) => `${host} does not speak TLS; use http://`,
  ERR_SSL_WRONG_VERSION_NUMBER: ({ host }) => `${host} does not speak TLS; use http://`,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: ({ host }) => `${host} does not speak TLS; use http://`,
  ERR_TLS_CERT_ALTNAME_INVALID: ({ hostname }) =>
    `the certificate is not for ${hostname}; use a name that stands in it`,
  CERT_HAS_EXPIRED: () => 'the certificate has expired; renew it',
};

function failureText(error: unknown, url: URL): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const { code = '' } = cause as { readonly code?: string };
  const words = Object.hasOwn(FAILURES, code) ? FAILURES[code] : undefined;
  if (words !== undefined) return words(url);
  if (/SELF_SIGNED|UNABLE_TO|CERT/.test(code)) {
    return `the certificate of ${url.host} is not trusted (${code}); name the authority's file, PEM, in the environment variable NODE_EXTRA_CA_CERTS`;
  }
  if (code.startsWith('HPE_')) return `what answers on ${url.host} does not speak HTTP; does it want https://?`;
  return `the request failed: ${errorText(cause)}`;
}
