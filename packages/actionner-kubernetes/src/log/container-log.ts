/** Bytes of a log that go into the result when the action has no output. */
export const RESULT_BYTES = 64 * 1024;

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
