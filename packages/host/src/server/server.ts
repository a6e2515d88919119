import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TlsOptions } from 'node:tls';
import { TalonError, type Logger } from '@falco-talon/core';
import type { TlsMaterial } from '../door/tls-files.ts';
import { createConnections, type ConnectionReason, type Connections } from './connections.ts';
import { watchPipelining } from './pipelining.ts';
import { PROBLEM_TYPE, problemBody, sendProblem, type Problem } from './problem.ts';
import { pathOfTarget } from './request-target.ts';

/** While closing, how often connections that have become idle are closed. Milliseconds. */
const IDLE_CHECK = 20;
/** Connections the system keeps ready for a process that is busy; Node's default. */
const BACKLOG = 511;

/** `keep`: the sender has shown who it is, and its connection goes before those that have not. */
export type RequestHandler = (request: IncomingMessage, response: ServerResponse, keep: () => void) => void;

export interface ServerSettings {
  readonly address: string;
  /** 0: any free one. */
  readonly port: number;
  readonly maxConnections: number;
  /** Of these, for one address or /64 network. */
  readonly maxConnectionsPerSender: number;
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
  readonly handle: RequestHandler;
  /** Undefined: plain HTTP. */
  readonly tls?: TlsMaterial | undefined;
  readonly logger: Logger;
  /** Called for each request: a flood of them can keep timers from running although nothing is stuck. */
  readonly alive: () => void;
  readonly counts: {
    /** Counted, not logged: a flood of them must not become a flood of lines. */
    connectionRefused(reason: ConnectionReason): void;
    /** What is no HTTP, or too slow. */
    requestRefused(problem: Pick<Problem, 'status' | 'code'>): void;
  };
}

/** @throws TalonError `invalid_config` in one sentence when the address cannot be listened on */
export async function startServer(
  settings: ServerSettings,
  { handle, tls, logger, alive, counts }: ServerDeps,
): Promise<RunningServer> {
  const connections = createConnections({
    limit: settings.maxConnections,
    limitPerSender: settings.maxConnectionsPerSender,
    refused: (reason) => counts.connectionRefused(reason),
  });
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    alive();
    response.on('error', () => {}); // the peer is gone; nothing is left to tell it
    const { socket } = request;
    const turn = pipelining.next(socket, response);
    if (turn === 'refuse') {
      counts.requestRefused({ status: 429, code: 'pipelined' });
      socket.destroy();
    }
    if (turn !== 'take') return;
    const path = pathOfTarget(request.url ?? '');
    if (path === undefined) refuse(response, NO_PATH);
    else {
      request.url = path;
      handle(request, response, () => connections.keep(socket));
    }
    // Nothing of what was sent behind the headers matters any more.
    if (response.headersSent && !response.shouldKeepAlive) pipelining.cut(socket);
  };
  function refuse(response: ServerResponse, problem: Problem): void {
    counts.requestRefused(problem);
    sendProblem(response, problem, { close: true });
  }
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
  // Those that are being displaced are open for a moment longer.
  server.maxConnections = settings.maxConnections + BACKLOG;
  // A peer that neither sends nor takes what it asked for.
  server.timeout = Math.max(settings.keepAliveTimeout, settings.requestTimeout);
  // Without this, Node would ask for a body we are about to refuse.
  server.on('checkContinue', listener);
  // And without this it would read the body of whoever expects something else.
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    if (pipelining.next(request.socket, response) === 'take') refuse(response, UNMET);
  });
  // A request for a tunnel has no response of its own.
  server.on('connect', (_request, socket) => {
    // Node has taken its own listeners away.
    socket.on('error', () => {});
    counts.requestRefused(NO_TUNNEL);
    writeProblem(socket, NO_TUNNEL);
  });
  server.on('connection', (socket: Socket) => connections.add(socket));
  const pipelining = watchPipelining(server, tls ? 'secureConnection' : 'connection');
  const failing = new WeakSet<Duplex>();
  server.on('clientError', (error, socket) => {
    // Again with each packet that comes after.
    if (failing.has(socket)) return;
    failing.add(socket);
    const end = () => endMalformed(error, socket as Socket);
    // What was asked before is answered first: its sender would take the complaint for the answer, and send the alert again.
    const owed = socket.writable ? pipelining.owed(socket as Socket) : undefined;
    if (owed) owed.once('close', end);
    else end();
  });
  function endMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
    if (pipelining.isCut(socket)) return socket.destroySoon();
    const problem = answerMalformed(error, socket);
    if (problem !== undefined) counts.requestRefused(problem);
  }
  server.on('drop', () => counts.connectionRefused('total'));
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
  writeProblem(socket, problem);
  return problem;
}

function writeProblem(socket: Duplex, problem: Problem): void {
  const body = problemBody(problem);
  socket.end(
    `HTTP/1.1 ${problem.status} ${problem.title}\r\nContent-Type: ${PROBLEM_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}

const NOT_HTTP: Problem = {
  status: 400,
  title: 'Bad Request',
  detail: 'this is not HTTP as it should be',
  code: 'malformed',
};
const NO_PATH: Problem = {
  status: 400,
  title: 'Bad Request',
  detail: 'the target of a request is a path, or a whole URL without a user',
  code: 'target',
};
const NO_TUNNEL: Problem = {
  status: 405,
  title: 'Method Not Allowed',
  detail: 'this server is no proxy',
  code: 'method',
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

function close(server: Server, connections: Connections, grace: number): Promise<void> {
  return new Promise((resolve) => {
    // Node's own list lacks those that have not finished their TLS handshake.
    const timer = setTimeout(() => connections.endAll(), grace);
    // Node closes what idles now, but not a kept-alive connection that is answered later.
    const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK);
    server.close(() => {
      clearTimeout(timer);
      clearInterval(idle);
      resolve();
    });
  });
}
