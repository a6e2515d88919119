import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { KeyPair } from '../certificates/certificates.ts';
import type { Handler } from './handle.ts';

export interface Listener {
  readonly port: number;
  /** TLS connections accepted so far. */
  readonly accepted: number;
  readonly open: number;
  connectionOf(request: IncomingMessage): number;
  /** Ends the connection with a TCP reset. */
  reset(request: IncomingMessage): void;
  /** New connections get the new certificates; those open stay as they are. */
  useCertificates(server: KeyPair, ca: string): void;
  closeConnections(): void;
  close(): Promise<void>;
}

export interface ListenInput {
  readonly port: number;
  readonly server: KeyPair;
  readonly ca: string;
  readonly handler: Handler;
}

/** An HTTPS server on 127.0.0.1 that keeps connections open and asks for a client certificate without demanding one. */
export async function listen(input: ListenInput): Promise<Listener> {
  const connections = new WeakMap<TLSSocket, number>();
  /** The TCP socket under each TLS socket, by the port of the client: only it can be reset. */
  const raw = new Map<number, Socket>();
  const secured = new Set<TLSSocket>();
  let accepted = 0;

  const server = createServer(
    {
      cert: input.server.certificate,
      key: input.server.key,
      ca: input.ca,
      requestCert: true,
      rejectUnauthorized: false,
      keepAliveTimeout: 90_000,
      requestTimeout: 0,
      // As Go's server: exec has the command in its URL.
      maxHeaderSize: 1024 * 1024,
    },
    (request, response) => {
      input.handler.request(request, response).catch(() => request.socket.destroy());
    },
  );
  server.on('upgrade', (request, socket, head) => {
    input.handler.upgrade(request, socket, head).catch(() => request.socket.destroy());
  });
  server.on('connection', (socket: Socket) => {
    const port = socket.remotePort;
    if (port === undefined) return;
    raw.set(port, socket);
    socket.once('close', () => raw.delete(port));
    socket.on('error', () => undefined);
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    connections.set(socket, ++accepted);
    secured.add(socket);
    socket.once('close', () => secured.delete(socket));
    socket.on('error', () => undefined);
  });
  // A client that does not trust the certificate, or goes away in the handshake, is its own affair.
  server.on('tlsClientError', () => undefined);

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(input.port, '127.0.0.1', resolve);
  });

  const closeConnections = (): void => {
    server.closeAllConnections();
    for (const socket of secured) socket.destroy();
    for (const socket of raw.values()) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    get accepted() {
      return accepted;
    },
    get open() {
      return secured.size;
    },
    connectionOf: (request) => connections.get(request.socket as TLSSocket) ?? 0,
    reset(request) {
      const socket = raw.get(request.socket.remotePort ?? -1);
      socket?.resetAndDestroy();
      request.socket.destroy();
    },
    useCertificates: ({ certificate, key }, ca) => server.setSecureContext({ cert: certificate, key, ca }),
    closeConnections,
    async close() {
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
      closeConnections();
      await closed;
    },
  };
}
