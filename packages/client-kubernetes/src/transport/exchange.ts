import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { TlsMaterial } from '../credentials/credentials.ts';
import { createBodyStream, type BodyStream } from './body-stream.ts';
import type { Call } from './call.ts';
import type { Connections, Job } from './connections.ts';
import { createPieces } from './pieces.ts';

export interface Answer {
  /** What the request was sent with. */
  readonly identity: Identity;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Empty when the answer is streamed. */
  readonly body: Buffer;
  /** Given for a success, when the call asked for a stream. */
  readonly stream?: BodyStream;
}

/** No whole answer. */
export interface Lost {
  readonly identity?: Identity;
  readonly lost: 'aborted' | 'timeout' | 'network' | 'untrusted' | 'too_large' | 'busy' | 'closed';
  /** False: the server surely got nothing it could act on. */
  readonly sent: boolean;
  readonly text: string;
  /** What the call's `mayAct` threw. */
  readonly fence?: { readonly error: unknown };
}

export interface Wire {
  readonly connections: Connections;
  /** For what needs a connection of its own. */
  readonly origin: string;
  readonly tls: TlsMaterial | undefined;
  /** In front of every path: a server behind a gateway has one. */
  readonly basePath: string;
  /** Read when a request is sent, not when it begins to wait: by then it may be a newer one. */
  readonly identity: Identity;
}

/** Headers that say who we are: names and values in turn. Another array for each change of the credentials. */
export type Identity = readonly string[];

const NOTHING = Buffer.alloc(0);
const WITHDRAWN = new Error('withdrawn');

/** One attempt: sends once, never rejects, and settles within `timeLimit` or as soon as the signal is aborted. */
export function exchange(
  wire: Wire,
  call: Call,
  timeLimit: number,
  bounds: { readonly answerBytes: number; readonly streamSilence: number },
): Promise<Answer | Lost> {
  return new Promise((resolve) => {
    const { signal } = call;
    let settled = false;
    let sent = false;
    let { identity } = wire;
    let controller: Dispatcher.DispatchController | undefined;
    let release: (() => void) | undefined;
    let status = 0;
    let headers: IncomingHttpHeaders = {};
    const received = createPieces();
    let stream: BodyStream | undefined;

    const settle = (outcome: Answer | Lost): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      if (stream === undefined) signal.removeEventListener('abort', onAbort);
      resolve(outcome);
    };
    const stop = (lost: Lost['lost'], text: string): void => {
      settle({ identity, lost, sent, text });
      stream?.fail({ lost, sent, text });
      if (controller) controller.abort(WITHDRAWN);
      else wire.connections.withdraw(job);
    };
    const onAbort = (): void => stop('aborted', 'aborted');
    const finish = (): void => {
      if (stream) signal.removeEventListener('abort', onAbort);
      // Not from within undici's parser: the next call may start in there.
      if (release) queueMicrotask(release);
      release = undefined;
    };

    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(given) {
        // Thrown here, the request is taken from the queue and the connection stays; an abort would destroy it.
        if (settled) throw WITHDRAWN;
        // The last moment: from here on the request is written without anything coming in between.
        const fence = fenceOf(call);
        if (fence) {
          settle({ identity, ...fence });
          throw WITHDRAWN;
        }
        controller = given;
        sent = true;
      },
      onResponseStart(_, statusCode, given) {
        if (statusCode < 200) return;
        status = statusCode;
        headers = given as IncomingHttpHeaders;
        if (Number(headers['content-length']) > bounds.answerBytes && !call.stream) return tooLarge();
        if (!call.stream || statusCode >= 300) return;
        stream = createBodyStream({
          pause: () => controller?.pause(),
          resume: () => controller?.resume(),
          abort: () => stop('aborted', 'no longer wanted'),
          silence: bounds.streamSilence,
          onSilence: () => stop('timeout', `nothing came for ${bounds.streamSilence} ms`),
        });
        settle({ identity, status, headers, body: NOTHING, stream });
      },
      onResponseData(_, chunk) {
        if (stream) return stream.push(chunk);
        if (received.bytes + chunk.length > bounds.answerBytes) return tooLarge();
        received.add(chunk);
      },
      onResponseEnd() {
        const body = received.take();
        stream?.end();
        settle({ identity, status, headers, body });
        finish();
      },
      onResponseError(_, error) {
        const lost = describe(error, sent);
        stream?.fail(lost);
        settle({ ...lost, identity });
        finish();
      },
    };
    const tooLarge = (): void => stop('too_large', `the answer has more than ${bounds.answerBytes} bytes`);

    const job: Job = {
      lasting: call.stream ?? false,
      start(client, free) {
        release = free;
        identity = wire.identity;
        client.dispatch(
          {
            path: wire.basePath + call.path + (call.query ?? ''),
            method: call.method,
            headers: headersOf(identity, call),
            body: call.body ?? null,
          },
          handler,
        );
      },
      refuse: (lost, text) => settle({ lost, sent: false, text }),
    };

    const timer = setTimeout(() => stop('timeout', `no answer within ${timeLimit} ms`), timeLimit);
    if (signal.aborted) return settle({ lost: 'aborted', sent: false, text: 'aborted' });
    signal.addEventListener('abort', onAbort);
    wire.connections.submit(job);
  });
}

/** Why the call must not be sent now. */
export function fenceOf({ mayAct, ends }: Call): Pick<Lost, 'lost' | 'sent' | 'text' | 'fence'> | undefined {
  try {
    mayAct?.(ends ? 'ends' : undefined);
    return undefined;
  } catch (error) {
    return { lost: 'aborted', sent: false, text: 'not allowed to act', fence: { error } };
  }
}

function headersOf(identity: Identity, call: Call): string[] {
  const accept = call.accept ?? 'application/json';
  return call.contentType === undefined
    ? [...identity, 'accept', accept]
    : [...identity, 'accept', accept, 'content-type', call.contentType];
}

/** What became of a request whose connection failed with this error. */
export function describe(error: Error, sent: boolean): Lost {
  const { code = '' } = error as { code?: string };
  const text = error.message === '' ? code : error.message;
  // A refused certificate ends the handshake: in TLS 1.3 the client may have sent by then, but the server reads nothing.
  if (NOT_TRUSTED.test(code)) return { lost: 'untrusted', sent: false, text };
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return { lost: 'network', sent: false, text: 'no connection in time' };
  return { lost: 'network', sent, text };
}

const NOT_TRUSTED =
  /^(?:ERR_SSL_\w*ALERT_\w*(?:CERTIFICATE|UNKNOWN_CA)\w*|ERR_TLS_CERT_\w+|\w*CERT\w*|UNABLE_TO_\w+|INVALID_CA|HOSTNAME_MISMATCH)$/;
