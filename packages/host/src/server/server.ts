import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { TalonError, type Logger } from '@falco-talon/core';
import type { Hono } from 'hono';
import type { Intake } from './intake.ts';
import { PROBLEM_TYPE, problemBody } from './problem.ts';

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
}

export interface ServerDeps {
  readonly intake: Intake;
  readonly routes: Hono;
  readonly logger: Logger;
  /** Called for each request: a flood of them can keep timers from running although nothing is stuck. */
  readonly alive: () => void;
  readonly counts: {
    /** Beyond `maxConnections`. Counted, not logged: a flood of them must not become a flood of lines. */
    connectionRefused(): void;
    /** What is no HTTP, or too slow. */
    requestRefused(status: number): void;
  };
}

/** @throws TalonError `invalid_config` in one sentence when the address cannot be listened on */
export async function startServer(
  settings: ServerSettings,
  { intake, routes, logger, alive, counts }: ServerDeps,
): Promise<RunningServer> {
  const others = getRequestListener(routes.fetch, { overrideGlobalObjects: false });
  const unanswered = new WeakMap<Socket, number>();
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    alive();
    response.on('error', () => {}); // the peer is gone; nothing is left to tell it
    const { socket } = request;
    // What stood in the packet behind the request that ended the connection still arrives here.
    if (socket.destroyed) return;
    const ahead = (unanswered.get(socket) ?? 0) + 1;
    if (ahead > MAX_PIPELINED) {
      counts.requestRefused(429);
      socket.destroy();
      return;
    }
    unanswered.set(socket, ahead);
    response.once('close', () => unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1));
    const url = request.url ?? '';
    void (url === '/' || url.startsWith('/?') ? intake(request, response) : others(request, response));
  };
  const server = createServer(
    {
      headersTimeout: settings.headersTimeout,
      requestTimeout: settings.requestTimeout,
      keepAliveTimeout: settings.keepAliveTimeout,
      // How often the two time limits above are looked at.
      connectionsCheckingInterval: 500,
      maxHeaderSize: 16 * 1024,
    },
    handle,
  );
  server.maxConnections = settings.maxConnections;
  // Without this, Node would ask for a body we are about to refuse.
  server.on('checkContinue', handle);
  server.on('clientError', (error, socket) => {
    const status = answerMalformed(error, socket as Socket);
    if (status !== undefined) counts.requestRefused(status);
  });
  server.on('drop', () => counts.connectionRefused());
  await listen(server, settings);
  server.on('error', (error) => logger.error('server failed', { error }));
  return {
    port: (server.address() as AddressInfo).port,
    close: (grace) => close(server, grace),
  };
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

/** What the HTTP parser itself refuses: no request exists, so the answer is written to the socket. Returns its status. */
function answerMalformed(error: NodeJS.ErrnoException, socket: Socket): number | undefined {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return undefined;
  }
  const [status, title, detail] =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? ([408, 'Request Timeout', 'the request took too long to arrive'] as const)
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? ([431, 'Request Header Fields Too Large', 'the headers are too long'] as const)
        : ([400, 'Bad Request', 'this is not HTTP as it should be'] as const);
  const body = problemBody({ status, title, detail });
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\nContent-Type: ${PROBLEM_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    () => socket.destroy(),
  );
  return status;
}

function close(server: Server, grace: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), grace);
    // Node closes what idles now, but not a kept-alive connection that is answered later.
    const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK);
    server.close(() => {
      clearTimeout(timer);
      clearInterval(idle);
      resolve();
    });
  });
}
