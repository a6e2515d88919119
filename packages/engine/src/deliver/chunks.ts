import { TalonError } from '@falco-talon/core';

/**
 * The chunks of an artifact until the signal fires, also when the source never answers: it is told to end, but not waited
 * for. One listener however many chunks come.
 * @throws the signal's reason, what the source throws, or TalonError `plugin_failed` when a chunk is no bytes
 */
export async function* chunksOf(
  body: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  signal.throwIfAborted();
  const source = body[Symbol.asyncIterator]();
  let stop: (reason: unknown) => void = () => {};
  const abort = () => stop(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    for (;;) {
      signal.throwIfAborted();
      const { done, value } = await new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
        stop = reject;
        source.next().then(resolve, reject);
      });
      if (done) return;
      if (!(value instanceof Uint8Array))
        throw new TalonError('plugin_failed', `an artifact is made of bytes, not ${typeof value}`);
      yield value;
    }
  } finally {
    signal.removeEventListener('abort', abort);
    (async () => source.return?.())().catch(() => {});
  }
}
