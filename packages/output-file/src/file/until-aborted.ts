import { isTalonError, TalonError, errorText } from '@falco-talon/core';

/**
 * The chunks of a source, until the signal is aborted: also while the source says nothing.
 * @throws TalonError `unavailable` when the source fails, or the signal's reason
 */
export async function* untilAborted(
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, void> {
  signal.throwIfAborted();
  const iterator = source[Symbol.asyncIterator]();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  aborted.catch(() => {}); // nobody may be waiting when it comes
  const onAbort = () => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), aborted]);
      if (next.done) return;
      yield next.value;
    }
  } catch (cause) {
    if (isTalonError(cause) || signal.aborted) throw cause;
    throw new TalonError('unavailable', `the artifact cannot be read: ${errorText(cause)}`, { cause, retryable: true });
  } finally {
    signal.removeEventListener('abort', onAbort);
    // Not awaited: a source that hangs would not return either.
    Promise.resolve(iterator.return?.()).catch(() => {});
  }
}
