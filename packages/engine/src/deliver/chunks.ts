import { TalonError, untilAborted } from '@falco-talon/core';

/**
 * The chunks of an artifact until the signal fires, also when the source never answers.
 * @throws the signal's reason, what the source throws, or TalonError `plugin_failed` when a chunk is no bytes
 */
export async function* chunksOf(
  body: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of untilAborted(body, signal)) {
    if (!(chunk instanceof Uint8Array))
      throw new TalonError('plugin_failed', `an artifact is made of bytes, not ${typeof chunk}`);
    yield chunk;
  }
}
