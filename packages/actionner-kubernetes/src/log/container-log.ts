import type { Kubernetes, LogOptions } from '@falco-talon/client-kubernetes';

/** Bytes of a log that go into the result when the action has no output. */
export const RESULT_BYTES = 64 * 1024;

/**
 * The log as a stream that has begun: a refusal of the API server (no such pod, no such container) is thrown here and
 * not while somebody reads.
 */
export async function openLog(
  kubernetes: Pick<Kubernetes, 'podLog'>,
  pod: { readonly namespace: string; readonly name: string },
  options: LogOptions,
): Promise<AsyncIterable<Uint8Array>> {
  const chunks = kubernetes.podLog(pod, options)[Symbol.asyncIterator]();
  const first = await chunks.next();
  return resumed(first, chunks);
}

async function* resumed(
  first: IteratorResult<Uint8Array>,
  chunks: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    for (let next = first; next.done !== true; next = await chunks.next()) yield next.value;
  } finally {
    await chunks.return?.();
  }
}

/** At most `RESULT_BYTES` as text; a character cut in two at the end is left out. */
export async function logText(
  log: AsyncIterable<Uint8Array>,
): Promise<{ readonly text: string; readonly cut: boolean }> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let text = '';
  let bytes = 0;
  for await (const chunk of log) {
    text += decoder.decode(chunk.subarray(0, RESULT_BYTES - bytes), { stream: true });
    bytes += chunk.byteLength;
    if (bytes > RESULT_BYTES) return { text, cut: true };
  }
  return { text: text + decoder.decode(), cut: false };
}
