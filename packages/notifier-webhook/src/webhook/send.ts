import { errorText, isTalonError, TalonError } from '@falco-talon/core';
import type { Endpoint } from './endpoint.ts';
import { answerError } from './answer-error.ts';

export interface SendLimits {
  readonly signal: AbortSignal;
  readonly now: () => number;
}

/** Enough of an answer to see what the server says. */
const ANSWER_BYTES = 4096;

/**
 * One request; success is any 2xx. Redirects are not followed: they would take the record somewhere nobody configured.
 * @throws TalonError, or the signal's reason
 */
export async function send(to: Endpoint, body: string, { signal, now }: SendLimits): Promise<void> {
  signal.throwIfAborted();
  try {
    const response = await fetch(to.url, { method: to.method, headers: to.headers, body, signal, redirect: 'manual' });
    const text = await firstBytes(response);
    if (!response.ok) throw answerError(response, text, to, now());
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (isTalonError(error)) throw error;
    throw new TalonError('unavailable', `no answer from ${to.url.host}: ${networkText(error)}`, {
      cause: error,
      retryable: true,
    });
  }
}

/** Reads a short answer to its end, so that the connection can be used again, and drops the rest of a long one. */
async function firstBytes(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES) break; // leaving the loop cancels the body
  }
  return Buffer.concat(chunks).subarray(0, ANSWER_BYTES).toString();
}

/** `fetch` says "fetch failed"; what failed stands in its cause. */
function networkText(error: unknown): string {
  const cause: unknown = error instanceof Error ? (error.cause ?? error) : error;
  const code = (cause as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? `${code} ${errorText(cause)}` : errorText(cause);
}
