import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { TalonError, type Logger } from '@falco-talon/core';
import type { TlsMaterial } from '../door/tls-files.ts';
import { PROBLEM_TYPE, problemBody, sendProblem, type Problem } from './problem.ts';

/** While closing, how often connections that have become idle are closed. Milliseconds. */
const IDLE_CHECK = 20;
/**
 * Requests one connection may send ahead of their answers. No sender of alerts sends any, and a packet of thousands would
 * keep everybody else waiting.
 */
const MAX_PIPELINED = 16;

export interface ServerSettings {
  readonly address: string;
  /** 0: any free one. */
  readonly port: number;
  readonly maxConnections: number;
  /** Milliseconds. */
  readonly headersTimeout: number;
  readonly requestTimeout: number;
  readonly keepAliveTimeout: number;
}

export interface RunningServer {
  readonly port: number;
  /** Takes no new connection and no new request; resolves when the open ones have been answered, at most after `grace` milliseconds. */
  close(grace: number): Promise<void>;
  /** New connections use these certificates; open ones go on as they are. */
  renew(material: TlsMaterial): void;
}

export interface ServerDeps {
  /** Called with each request the limits of this server allow. */
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void;
  /** Undefined: plain HTTP. */
  readonly tls?: TlsMaterial | undefined;
  readonly logger: Logger;
  /** Called for each request: a flood of them can keep timers from running although nothing is stuck. */
  readonly alive: () => void;
  readonly counts: {
    /** Beyond `maxConnections`. Counted, not logged: a flood of them must not become a flood of lines. */
    connectionRefused(): void;
    /** What is no HTTP, or too slow. */
    requestRefused(problem: Pick<Problem, 'status' | 'code'>): void;
  };
}

/** @throws TalonError `invalid_config` in one sentence when the address cannot be listened on */
export async function startServer(
  settings: ServerSettings,
  { handle, tls, logger, alive, counts }: ServerDeps,
): Promise<RunningServer> {
  const unanswered = new WeakMap<Socket, number>();
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    alive();
    response.on('error', () => {}); // the peer is gone; nothing is left to tell it
    const { socket } = request;
    // What stood in the packet behind the request that ended the connection still arrives here.
    if (socket.destroyed) return;
    const ahead = (unanswered.get(socket) ?? 0) + 1;
    if (ahead > MAX_PIPELINED) {
      counts.requestRefused({ status: 429, code: 'pipelined' });
      socket.destroy();
      return;
    }
    unanswered.set(socket, ahead);
    response.once('close', () => unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1));
    handle(request, response);
  };
  const options = {
    headersTimeout: settings.headersTimeout,
    requestTimeout: settings.requestTimeout,
    keepAliveTimeout: settings.keepAliveTimeout,
    // How often the two time limits above are looked at.
    connectionsCheckingInterval: 500,
    maxHeaderSize: 16 * 1024,
  };
  const server = tls
    ? createTlsServer(
        { ...options, ...tls, ...clientCertificates(tls), handshakeTimeout: settings.headersTimeout },
        listener,
      )
    : createServer(options, listener);
  server.maxConnections = settings.maxConnections;
  // Without this, Node would ask for a body we are about to refuse.
  server.on('checkContinue', listener);
  // And without this it would read the body of whoever expects something else.
  server.on('checkExpectation', (_request: IncomingMessage, response: ServerResponse) => {
    counts.requestRefused(UNMET);
    sendProblem(response, UNMET, { close: true });
  });
  const connections = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  server.on('clientError', (error, socket) => {
    const problem = answerMalformed(error, socket as Socket);
    if (problem !== undefined) counts.requestRefused(problem);
  });
  server.on('drop', () => counts.connectionRefused());
  await listen(server, settings);
  server.on('error', (error) => logger.error('server failed', { error }));
  return {
    port: (server.address() as AddressInfo).port,
    close: (grace) => close(server, connections, grace),
    renew: (material) => {
      if ('setSecureContext' in server) server.setSecureContext(material);
    },
  };
}

/** Asked for, and judged by the door: who has none may bring something else. */
function clientCertificates({ ca }: TlsMaterial): TlsOptions {
  return ca === undefined ? {} : { requestCert: true, rejectUnauthorized: false };
}

function listen(server: Server, { address, port }: ServerSettings): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, address, port)));
    server.listen({ host: address, port }, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}

function listenError(error: NodeJS.ErrnoException, address: string, port: number): TalonError {
  const where = `cannot listen on ${address.includes(':') ? `[${address}]` : address}:${port}`;
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: 'another process uses this port; stop it or set listen_port',
    EACCES: 'ports below 1024 need more rights; set listen_port',
    EADDRNOTAVAIL: 'this machine does not have this address; set listen_address',
    ENOTFOUND: 'this is no address; set listen_address',
  };
  const reason = reasons[error.code ?? ''] ?? error.message;
  return new TalonError('invalid_config', `${where}: ${reason}`, { cause: error });
}

/** What the HTTP parser itself refuses: no request exists, so the answer is written to the socket. */
function answerMalformed(error: NodeJS.ErrnoException, socket: Socket): Problem | undefined {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return undefined;
  }
  const problem = MALFORMED[error.code ?? ''] ?? NOT_HTTP;
  const body = problemBody(problem);
  socket.end(
    `HTTP/1.1 ${problem.status} ${problem.title}\r\nContent-Type: ${PROBLEM_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    () => socket.destroy(),
  );
  return problem;
}

const NOT_HTTP: Problem = {
  status: 400,
  title: 'Bad Request',
  detail: 'this is not HTTP as it should be',
  code: 'malformed',
};
const UNMET: Problem = {
  status: 417,
  title: 'Expectation Failed',
  detail: 'nothing but 100-continue can be expected',
  code: 'expectation',
};
const MALFORMED: Readonly<Record<string, Problem>> = {
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    title: 'Request Timeout',
    detail: 'the request took too long to arrive',
    code: 'too_slow',
  },
  HPE_HEADER_OVERFLOW: {
    status: 431,
    title: 'Request Header Fields Too Large',
    detail: 'the headers are too long',
    code: 'headers_too_long',
  },
};

function close(server: Server, connections: ReadonlySet<Socket>, grace: number): Promise<void> {
  return new Promise((resolve) => {
    // Node's own list lacks those that have not finished their TLS handshake.
    const timer = setTimeout(() => connections.forEach((socket) => socket.destroy()), grace);
    // Node closes what idles now, but not a kept-alive connection that is answered later.
    const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK);
    server.close(() => {
      clearTimeout(timer);
      clearInterval(idle);
      resolve();
    });
  });
}
