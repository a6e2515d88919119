/**
 * The items of a source until the signal fires, also while the source says nothing: it is told to end, but not waited
 * for. One listener however many items come.
 * @throws the signal's reason, or what the source throws
 */
export async function* untilAborted<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T, void, void> {
  signal.throwIfAborted();
  const iterator = source[Symbol.asyncIterator]();
  let stop: (reason: unknown) => void = () => {};
  const abort = () => stop(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    for (;;) {
      signal.throwIfAborted();
      // A promise of its own for each item: racing them against one that lives as long would keep every item in memory.
      const next = await new Promise<IteratorResult<T>>((resolve, reject) => {
        stop = reject;
        iterator.next().then(resolve, reject);
      });
      if (next.done) return;
      yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', abort);
    // Not awaited: a source that hangs would not return either.
    (async () => iterator.return?.())().catch(() => {});
  }
}
