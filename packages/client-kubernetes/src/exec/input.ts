import { STDIN, V5, type Channel } from './channel.ts';

const PIECE = 32 * 1024;
/** v5: the channel named in the second byte is closed. On v4 these bytes are without effect. */
const END_OF_INPUT = Uint8Array.of(0xff, STDIN);

/**
 * Sends an input as it comes, a piece after the one before has left.
 * @param failed called when the input itself fails
 * @returns ends it
 */
export function startInput(
  channel: Channel,
  input: AsyncIterable<Uint8Array>,
  failed: (error: unknown) => void,
): () => void {
  const iterator = input[Symbol.asyncIterator]();
  let stopped = false;

  const send = async (): Promise<void> => {
    for (;;) {
      const next = await iterator.next();
      if (stopped) return;
      if (next.done) break;
      for (let at = 0; at < next.value.length && !stopped; at += PIECE) {
        await channel.send(Buffer.concat([Uint8Array.of(STDIN), next.value.subarray(at, at + PIECE)]));
      }
    }
    if (channel.protocol === V5 && !stopped) await channel.send(END_OF_INPUT);
  };
  send().catch((error: unknown) => {
    if (!stopped) failed(error);
  });

  return () => {
    if (stopped) return;
    stopped = true;
    // Not awaited: an input that is waiting for its next piece ends when that comes.
    void (async () => iterator.return?.())().catch(() => {});
  };
}
