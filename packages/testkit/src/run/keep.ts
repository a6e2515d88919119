import { createHash } from 'node:crypto';
import { untilAborted, type Artifact, type KeptArtifact } from '@falco-talon/core';

/** An artifact an actionner handed over, with its bytes. */
export interface TestArtifact extends Omit<Artifact, 'incomplete'>, KeptArtifact {
  readonly body: Uint8Array;
}

/** More than any test keeps, and less than hurts. */
export const TEST_ARTIFACT_BYTES = 64 * 1024 * 1024;

/**
 * Keeps in memory what the engine spools to disk: hashed over the bytes kept, and cut at the limit without reading on.
 * Rejects with the signal's reason when the run is aborted, even while the body says nothing.
 */
export function memoryKeeper(options: { readonly limit: number; readonly signal: AbortSignal }) {
  const artifacts: TestArtifact[] = [];
  return {
    artifacts: artifacts as readonly TestArtifact[],
    keep: async ({ incomplete, ...artifact }: Artifact, body: AsyncIterable<Uint8Array>): Promise<KeptArtifact> => {
      const chunks: Uint8Array[] = [];
      let bytes = 0;
      let truncated = false;
      for await (const chunk of untilAborted(body, options.signal)) {
        const room = options.limit - bytes;
        // Copied: a source may use its buffer again.
        const part = Uint8Array.from(chunk.length > room ? chunk.subarray(0, room) : chunk);
        chunks.push(part);
        bytes += part.length;
        truncated = chunk.length > room;
        if (truncated) break;
      }
      truncated ||= incomplete?.() === true;
      const whole = Buffer.concat(chunks);
      const sha256 = createHash('sha256').update(whole).digest('hex');
      artifacts.push({ ...artifact, bytes, sha256, truncated, body: whole });
      return { bytes, sha256, truncated };
    },
  };
}
