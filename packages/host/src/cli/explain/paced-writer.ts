import { once } from 'node:events';
import type { Writable } from 'node:stream';

/**
 * Writes as fast as somebody reads; gives false from when nobody does any more, as behind `| head`. The process's own
 * streams stay writable then, so that is only told by their error.
 */
export function createPacedWriter(stream: Writable): (text: string) => Promise<boolean> {
  const gone = new AbortController();
  stream.once('error', () => gone.abort());
  stream.once('close', () => gone.abort());
  return async (text) => {
    if (gone.signal.aborted) return false;
    if (text === '' || stream.write(text)) return true;
    await once(stream, 'drain', { signal: gone.signal }).catch(() => {});
    return !gone.signal.aborted;
  };
}
