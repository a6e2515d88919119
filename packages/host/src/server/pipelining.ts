import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Requests one connection may send ahead of their answers. No sender of alerts sends any; each costs time before it can be
 * refused.
 */
const MAX_AHEAD = 4;

export type Turn =
  | 'take'
  /** Behind an answer that ended the connection. */
  | 'ignore'
  /** One too many. */
  | 'refuse';

export interface Pipelining {
  /** Whether this request is to be handled. */
  next(socket: Socket, response: ServerResponse): Turn;
  /** What else stands in the packet being parsed is made unreadable: the connection ends. */
  cut(socket: Socket): void;
  /** True when what its parser complains about is of our own making. */
  isCut(socket: Socket): boolean;
  /** The last answer still to come of those that were asked for in full: nothing may be said before it. */
  owed(socket: Socket): ServerResponse | undefined;
}

/**
 * Keeps a packet of thousands of requests from being thousands of requests. Node's parser works through all it was given,
 * 64 KB at a time, and builds each request before anybody can say no; nothing can stop it, a destroyed socket neither. But it
 * reads from the buffer of the socket's `data` event: zeros there are no HTTP, and it ends with an error at the next request.
 */
export function watchPipelining(server: Server, connectionEvent: 'connection' | 'secureConnection'): Pipelining {
  /** Answers to come, in order. */
  const open = new WeakMap<Socket, Set<ServerResponse>>();
  const last = new WeakMap<Socket, ServerResponse>();
  const cuts = new WeakSet<Socket>();
  /** What is being parsed at this moment, before and after which this is undefined. */
  let parsed: { readonly socket: Socket; readonly bytes: Buffer } | undefined;

  server.on(connectionEvent, (socket: Socket) => {
    socket.prependListener('data', (bytes: Buffer) => (parsed = { socket, bytes }));
    socket.on('data', () => (parsed = undefined));
  });

  function cut(socket: Socket): void {
    cuts.add(socket);
    if (parsed?.socket === socket) parsed.bytes.fill(0);
  }

  return {
    cut,
    isCut: (socket) => cuts.has(socket),
    owed: (socket) => [...(open.get(socket) ?? [])].findLast(({ req }) => req.complete),
    next(socket, response) {
      const before = last.get(socket);
      if (socket.destroyed || (before?.headersSent === true && !before.shouldKeepAlive)) {
        cut(socket);
        return 'ignore';
      }
      const waiting = open.get(socket) ?? new Set();
      if (waiting.size >= MAX_AHEAD) {
        cut(socket);
        return 'refuse';
      }
      open.set(socket, waiting.add(response));
      last.set(socket, response);
      response.once('close', () => waiting.delete(response));
      return 'take';
    },
  };
}
