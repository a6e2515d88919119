import { Agent, request as send } from 'node:https';
import type { IncomingHttpHeaders } from 'node:http';
import type { FakeKubernetes } from '../fake-kubernetes.ts';
import type { Json } from '../json.ts';

export interface CallOptions {
  /** Name of the user; default the administrator. `nobody` sends no credentials. */
  readonly as?: string;
  readonly token?: string;
  readonly certificate?: { readonly cert: string; readonly key: string };
  readonly body?: Json | undefined;
  /** Content type; default JSON. */
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Called {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The parsed body, the text itself when it is no JSON. */
  readonly body: Json;
}

export interface Client {
  call(method: string, path: string, options?: CallOptions): Promise<Called>;
  close(): void;
}

function credentials(fake: FakeKubernetes, options: CallOptions): Record<string, string> {
  if (options.token !== undefined) return { authorization: `Bearer ${options.token}` };
  if (options.as === 'nobody' || options.certificate !== undefined) return {};
  return { authorization: `Bearer ${fake.tokenOf(options.as)}` };
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

/** A plain HTTPS client over one kept-alive connection, for this package's specs. */
export function client(fake: FakeKubernetes): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return {
    call(method, path, options = {}) {
      const { body, certificate } = options;
      const bytes =
        body === undefined ? undefined : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
      const headers = {
        accept: 'application/json',
        'user-agent': 'replay/1.0',
        ...(bytes === undefined
          ? {}
          : { 'content-type': options.type ?? 'application/json', 'content-length': bytes.length }),
        ...credentials(fake, options),
        ...options.headers,
      };
      return new Promise((resolve, reject) => {
        const outgoing = send(
          `${fake.url}${path}`,
          { method, agent, headers, ca: fake.ca, ...certificate },
          (response) => {
            const chunks: Buffer[] = [];
            response.on('data', (chunk: Buffer) => chunks.push(chunk));
            response.on('error', reject);
            response.on('end', () => {
              const text = Buffer.concat(chunks).toString();
              resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body: parsed(text) });
            });
          },
        );
        outgoing.on('error', reject);
        outgoing.end(bytes);
      });
    },
    close: () => agent.destroy(),
  };
}
