import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Limits } from '../limits.ts';
import type { Call } from '../transport/call.ts';
import { describe, fenceOf, type Answer, type Lost, type Wire } from '../transport/exchange.ts';
import { openChannel, V4, V5, type Channel } from './channel.ts';

/** The answer to the request for a WebSocket: with a channel when there is one now. */
export interface Handshake extends Answer {
  readonly channel?: Channel;
}

/** What an API server says instead of opening a WebSocket is short. */
const ANSWER_BYTES = 256 * 1024;
const CLOSE_TIME = 2_000;
const NOTHING = Buffer.alloc(0);

/** One attempt to open a WebSocket: never rejects, and settles within `timeLimit` or as soon as the signal is aborted. */
export async function openWebSocket(
  wire: Wire,
  call: Call,
  timeLimit: number,
  limits: Limits,
): Promise<Handshake | Lost> {
  // Needed by few; loaded when it is.
  const { WebSocket } = await import('ws');
  const { identity } = wire;
  const { signal } = call;
  const { promise, resolve } = Promise.withResolvers<Handshake | Lost>();
  let sent = false;
  let settled = false;
  if (signal.aborted) return { identity, lost: 'aborted', sent, text: 'aborted' };

  const settle = (outcome: Handshake | Lost): void => {
    if (settled) return;
    settled = true;
    clearTimeout(timer);
    clearTimeout(connecting);
    signal.removeEventListener('abort', onAbort);
    resolve(outcome);
    if (!('channel' in outcome)) socket?.terminate();
  };
  const lose = (lost: Lost['lost'], text: string): void => settle({ identity, lost, sent, text });
  const onAbort = (): void => lose('aborted', 'aborted');
  const finishRequest = (request: ClientRequest): void => {
    request.once('socket', (connection) => {
      connection.once(wire.tls ? 'secureConnect' : 'connect', () => {
        clearTimeout(connecting);
        // Written now that it leaves at once, not when it was made: nothing may come between the question and the request.
        const fence = fenceOf(call);
        if (fence) return settle({ identity, ...fence });
        sent = true;
        request.end();
      });
    });
  };

  const timer = setTimeout(() => lose('timeout', `no answer within ${timeLimit} ms`), timeLimit);
  const connecting = setTimeout(() => lose('network', 'no connection in time'), limits.connectTime);
  signal.addEventListener('abort', onAbort);

  let socket: InstanceType<typeof WebSocket> | undefined;
  try {
    socket = new WebSocket(wire.origin + wire.basePath + call.path + (call.query ?? ''), [V5, V4], {
      ...wire.tls,
      headers: headersOf(identity),
      perMessageDeflate: false,
      followRedirects: false,
      maxPayload: limits.frameBytes,
      closeTimeout: CLOSE_TIME,
      skipUTF8Validation: true,
      // The heartbeat answers pings.
      autoPong: false,
      finishRequest,
    });
    // Stays for good: an error after all is over must not end the process.
    socket.on('error', (error) => settle({ ...describe(error, sent), identity }));
    socket.once('unexpected-response', (_, response) => {
      readAnswer(response, ({ body, error }) => {
        if (error === undefined)
          settle({ identity, status: response.statusCode ?? 0, headers: response.headers, body });
        else lose('network', error);
      });
    });
    const opened = socket;
    socket.once('open', () => {
      if (settled) return opened.terminate();
      settle({ identity, status: 101, headers: {}, body: NOTHING, channel: openChannel(opened, limits) });
    });
  } catch (error) {
    // Nothing was sent: a credential that is no header value, for example.
    settle({ ...describe(error as Error, false), identity });
  }
  return promise;
}

function headersOf(identity: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let n = 0; n + 1 < identity.length; n += 2) headers[identity[n] ?? ''] = identity[n + 1] ?? '';
  return headers;
}

function readAnswer(response: IncomingMessage, done: (read: { body: Buffer; error?: string }) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const body = (): Buffer => Buffer.concat(chunks);
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= ANSWER_BYTES) chunks.push(chunk);
    else done({ body: body() });
  });
  response.once('end', () => done({ body: body() }));
  response.once('error', (error) => done({ body: body(), error: error.message }));
}
