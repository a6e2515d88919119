import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorText, type Logger } from '@falco-talon/core';
import type { HandoverAnswer, TakeOver } from '@falco-talon/engine';
import { readBody, type BodyBudget } from './read-body.ts';

/** Where replicas hand alerts over to the one that leads. */
export const HANDOVER_PATH = '/handover';
export const SEAL_HEADER = 'falco-talon-seal';
/** An alert at its largest, in base64, and what was done about it. */
export const HANDOVER_BYTES = 32 * 1024 * 1024;

const MOST_AT_A_TIME = 64;
const BUFFERED_BYTES = 128 * 1024 * 1024;

export interface HandoverOptions {
  readonly takeOver: TakeOver;
  readonly logger: Logger;
  /** True from the moment alerts are not taken any more. */
  readonly refusing: () => boolean;
  readonly refused: (problem: { readonly status: number; readonly code: string }) => void;
}

/**
 * Takes alerts from other replicas. The seal of each is its own authentication: it counts for nothing else, and no credential of
 * senders counts here. Nothing of the body is read before the seal is found good.
 */
export function createHandoverIntake({ takeOver, logger, refusing, refused }: HandoverOptions) {
  const budget: BodyBudget = { limit: BUFFERED_BYTES, used: 0 };
  let running = 0;

  async function judge(request: IncomingMessage, keep: () => void): Promise<HandoverAnswer | undefined> {
    if (request.method !== 'POST') return { status: 405, code: 'method' };
    if (refusing()) return { status: 503, code: 'stopping' };
    if (Number(request.headers['content-length'] ?? 0) > HANDOVER_BYTES) return TOO_LARGE;
    const text = request.headers[SEAL_HEADER];
    const admitted = await takeOver.admit(typeof text === 'string' ? text : undefined);
    if (!('accept' in admitted)) return admitted;
    keep();
    const body = await readBody(request, HANDOVER_BYTES, budget);
    if (body === 'aborted') return undefined;
    if (body === 'too_large') return TOO_LARGE;
    if (body === 'no_room') return BUSY;
    return admitted.accept(body);
  }

  return async function take(request: IncomingMessage, response: ServerResponse, keep: () => void): Promise<void> {
    if (running >= MOST_AT_A_TIME) return answer(BUSY);
    running++;
    try {
      answer(await judge(request, keep));
    } catch (error) {
      logger.error('handover failed', { error: errorText(error) });
      answer({ status: 500, code: 'internal' });
    } finally {
      running--;
    }

    function answer(given: HandoverAnswer | undefined): void {
      if (given === undefined || response.destroyed) return;
      const { status, code } = given;
      if (status !== 200) refused({ status, code });
      const text = JSON.stringify({ code });
      response.writeHead(status, {
        'Content-Type': 'application/json',
        'Content-Length': Buffer.byteLength(text),
        // What is left of the body stays unread.
        ...(request.complete ? {} : { Connection: 'close' }),
      });
      response.end(text);
    }
  };
}

const TOO_LARGE: HandoverAnswer = { status: 413, code: 'too_large' };
const BUSY: HandoverAnswer = { status: 503, code: 'busy' };
