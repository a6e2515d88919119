import { once } from 'node:events';
import { Agent, request as requestHttp, type IncomingMessage } from 'node:http';
import { Agent as TlsAgent, request as requestHttps } from 'node:https';
import { errorText, isTalonError, TalonError } from '@falco-talon/core';
import type { Endpoint } from './endpoint.ts';
import { answerError } from './answer-error.ts';
import { lookup, refuseMetadata } from './link-local.ts';

export interface SendLimits {
  readonly signal: AbortSignal;
  readonly now: () => number;
}

/** Enough of an answer to see what the server says. */
const ANSWER_BYTES = 4096;
/** Milliseconds a connection is kept for the next record: less than servers keep theirs. */
const IDLE = 4_000;
const KEPT = { keepAlive: true, timeout: IDLE, lookup };
/** They hold nothing but idle connections, which keep no process alive. */
const agents = { http: new Agent(KEPT), https: new TlsAgent(KEPT) };

/**
 * One request; success is any 2xx. Redirects are not followed: they would take the record somewhere nobody configured. Not
 * `fetch`: it connects to whatever a name leads to.
 * @throws TalonError, or the signal's reason
 */
export async function send(to: Endpoint, body: string, { signal, now }: SendLimits): Promise<void> {
  signal.throwIfAborted();
  refuseMetadata(to.url.hostname);
  try {
    const answer = await answerTo(to, body, signal);
    const text = await firstBytes(answer);
    const status = answer.statusCode ?? 0;
    if (status < 200 || status > 299) throw answerError(status, answer.headers['retry-after'], text, to, now());
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (isTalonError(error)) throw error;
    throw new TalonError('unavailable', `no answer from ${to.url.host}: ${networkText(error)}`, {
      cause: error,
      retryable: true,
    });
  }
}

async function answerTo(to: Endpoint, body: string, signal: AbortSignal): Promise<IncomingMessage> {
  const headers = { ...Object.fromEntries(to.headers), 'content-length': Buffer.byteLength(body) };
  const isTls = to.url.protocol === 'https:';
  const agent = isTls ? agents.https : agents.http;
  const sent = (isTls ? requestHttps : requestHttp)(to.url, { method: to.method, headers, signal, agent });
  // Also what comes behind the answer, which nobody waits for any more.
  sent.on('error', () => {});
  sent.end(body);
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  return answer;
}

/** Reads a short answer to its end, so that the connection can be used again, and drops the rest of a long one. */
async function firstBytes(answer: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES) break; // leaving the loop ends the connection
  }
  return Buffer.concat(chunks).subarray(0, ANSWER_BYTES).toString();
}

function networkText(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  const text = errorText(error);
  return typeof code === 'string' && !text.includes(code) ? `${code} ${text}` : text;
}
