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
  // Gone while it was judged: none of the events below will come any more.
  if (request.destroyed) return Promise.resolve('aborted');
  return new Promise((resolve) => {
    /** One buffer, however small the pieces: a megabyte sent in single bytes would be a million objects. */
    let body: Buffer = Buffer.alloc(0);
    let bytes = 0;
    request.on('data', onData);
    request.once('end', onEnd);
    request.once('close', onClose);
    request.once('error', onClose);

    function onData(chunk: Buffer): void {
      const start = bytes;
      bytes += chunk.length;
      budget.used += chunk.length;
      if (bytes > limit) finish('too_large');
      else if (budget.used > budget.limit) finish('no_room');
      else if (start === 0) body = chunk;
      else body = appended(body, start, chunk, limit);
    }
    function onEnd(): void {
      finish(request.complete ? body.subarray(0, bytes) : 'aborted');
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

/** `length` bytes of `body` and those of `chunk`, in place where there is room. */
function appended(body: Buffer, length: number, chunk: Buffer, limit: number): Buffer {
  const needed = length + chunk.length;
  const room = body.length >= needed ? body : Buffer.allocUnsafeSlow(Math.min(limit, Math.max(2 * needed, 16_384)));
  if (room !== body) body.copy(room, 0, 0, length);
  chunk.copy(room, length);
  return room;
}
