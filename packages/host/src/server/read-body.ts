import type { IncomingMessage } from 'node:http';

export type ReadBody = Buffer | 'too_large' | 'no_room' | 'aborted';

/** Bytes of bodies that are being received, over all connections. */
export interface BodyBudget {
  readonly limit: number;
  used: number;
}

/**
 * Receives a body of at most `limit` bytes, counting what arrives: a `Content-Length` is what the sender says, not what it
 * sends. Stops reading at the limit.
 */
export function readBody(request: IncomingMessage, limit: number, budget: BodyBudget): Promise<ReadBody> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', onData);
    request.once('end', onEnd);
    request.once('close', onClose);
    request.once('error', onClose);

    function onData(chunk: Buffer): void {
      bytes += chunk.length;
      budget.used += chunk.length;
      if (bytes > limit) finish('too_large');
      else if (budget.used > budget.limit) finish('no_room');
      else chunks.push(chunk);
    }
    function onEnd(): void {
      finish(request.complete ? (chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, bytes)) : 'aborted');
    }
    function onClose(): void {
      finish('aborted');
    }
    function finish(result: ReadBody): void {
      budget.used -= bytes;
      request.off('data', onData);
      request.off('end', onEnd);
      request.off('close', onClose);
      if (typeof result === 'string') request.pause();
      resolve(result);
    }
  });
}
