import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger, type Logger, type Scope } from '@falco-talon/core';
import { createAuthority, type Authority } from '@falco-talon/fake-kubernetes';
import { createKubernetes } from '../src/client.ts';
import { kubernetes, type Kubernetes } from '../src/index.ts';
import { DEFAULT_LIMITS, type Limits } from '../src/limits.ts';

export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export type Responder = (response: ServerResponse, request: Received, incoming: IncomingMessage) => void;

export interface LoopbackApi {
  readonly url: string;
  readonly authority: Authority | undefined;
  readonly received: readonly Received[];
  /** Accepted TCP connections, and those open now. */
  readonly connections: { accepted: number; open: Set<Socket> };
  respond: Responder;
  /** Called with each TCP connection, before any handshake. */
  onConnection: (socket: Socket, nth: number) => void;
  /** The server's own certificate from now on. */
  rotate(authority: Authority): void;
  close(): Promise<void>;
}

/** A server whose every answer the test decides. With `tls: false` it speaks plain HTTP, which loopback allows. */
async function startApi(respond: Responder, options: { tls?: boolean; clientCa?: string } = {}): Promise<LoopbackApi> {
  const received: Received[] = [];
  const connections = { accepted: 0, open: new Set<Socket>() };
  let authority = options.tls === false ? undefined : createAuthority();
  const listener: RequestListener = (incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const request = {
        method: incoming.method ?? '',
        url: incoming.url ?? '',
        headers: incoming.headers,
        body: Buffer.concat(chunks).toString(),
      };
      received.push(request);
      api.respond(response, request, incoming);
    });
  };
  const material = (from: Authority) => {
    const { key, certificate } = from.issueServer();
    const client =
      options.clientCa === undefined ? {} : { ca: options.clientCa, requestCert: true, rejectUnauthorized: false };
    return { key, cert: certificate, ...client };
  };
  const server: Server = authority ? https.createServer(material(authority), listener) : createServer(listener);
  server.keepAliveTimeout = 60_000;
  server.on('connection', (socket: Socket) => {
    connections.accepted++;
    connections.open.add(socket);
    api.onConnection(socket, connections.accepted);
    socket.on('close', () => connections.open.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const api: LoopbackApi = {
    url: `${authority ? 'https' : 'http'}://127.0.0.1:${port}`,
    get authority() {
      return authority;
    },
    received,
    connections,
    respond,
    onConnection: () => {},
    rotate(next) {
      authority = next;
      (server as https.Server).setSecureContext(material(next));
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      for (const socket of connections.open) socket.destroy();
      await closed;
    },
  };
  return api;
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

/** A failure as the API server words it. */
export function status(
  code: number,
  reason: string,
  message: string,
  details?: unknown,
  metadata: unknown = {},
): unknown {
  return { kind: 'Status', apiVersion: 'v1', metadata, status: 'Failure', message, reason, details, code };
}

export function pod(name: string, namespace = 'shop'): unknown {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, uid: `uid-of-${name}`, resourceVersion: '1' } };
}

/** A kubeconfig, as JSON, which is YAML. */
export function kubeconfigText(cluster: Record<string, unknown>, user: Record<string, unknown> = {}): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  });
}

export const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Replaces a file in one step, as a Secret or a kubelet does. */
export async function replaceFile(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

/** Pauses are short; times are long enough for a machine that has much else to do. A test that runs into one sets it. */
export const QUICK: Limits = {
  ...DEFAULT_LIMITS,
  attemptTime: 30_000,
  credentialsTime: 20_000,
  firstBackoff: 5,
  longestBackoff: 20,
  credentialsAge: 0,
};

export interface Clock {
  now: number;
}

export function scope(signal: AbortSignal, logger: Logger = silentLogger, clock?: Clock): Scope {
  return { signal, logger, now: () => clock?.now ?? Date.now(), span: (_, work) => work() };
}

/** Collects what a test opened, and closes it in reverse. */
export interface Opened {
  readonly directory: string;
  readonly signal: AbortSignal;
  api(respond: Responder, options?: { tls?: boolean; clientCa?: string }): Promise<LoopbackApi>;
  client(kubeconfig: string, options?: { limits?: Limits; logger?: Logger; clock?: Clock }): Promise<Kubernetes>;
  /** A client of this server, with a token. */
  clientOf(api: LoopbackApi, limits?: Limits): Promise<Kubernetes>;
  file(name: string, text: string): Promise<string>;
  /** Called by `close()`, the last one first. */
  atEnd(end: () => Promise<void>): void;
  close(): Promise<void>;
}

export async function open(): Promise<Opened> {
  const directory = await mkdtemp(join(tmpdir(), 'client-kubernetes-'));
  const { signal } = new AbortController();
  const ends: (() => Promise<void>)[] = [];
  const opened: Opened = {
    directory,
    signal,
    async api(respond, options) {
      const api = await startApi(respond, options);
      ends.push(() => api.close());
      return api;
    },
    atEnd: (end) => void ends.push(end),
    async file(name, text) {
      const path = join(directory, name);
      await writeFile(path, text);
      return path;
    },
    async client(kubeconfig, { limits = QUICK, logger, clock } = {}) {
      const client = await createKubernetes(
        {
          ...scope(signal, logger, clock),
          settings: { kubeconfig, namespace: '' },
          environment: { variables: {}, homeDirectory: directory },
        },
        limits,
        join(directory, 'no-service-account'),
      );
      ends.push(async () => kubernetes.close?.(client));
      return client;
    },
    async clientOf(api, limits = QUICK) {
      const ca = api.authority && { 'certificate-authority-data': base64(api.authority.certificate) };
      const config = await opened.file('kubeconfig', kubeconfigText({ server: api.url, ...ca }, { token: 'secret' }));
      return opened.client(config, { limits });
    },
    async close() {
      for (const end of ends.reverse()) await end();
      await rm(directory, { recursive: true, force: true });
    },
  };
  return opened;
}
