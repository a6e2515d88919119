import { createHash, hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TalonError, type Artifact } from '@falco-talon/core';

/** An artifact safe on disk. Plain data: it is journalled with the step's result. */
export interface SpooledArtifact extends Artifact {
  /** Name in the spool; never made of an event's values. */
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly truncated: boolean;
  /** Milliseconds since the epoch. */
  readonly keptAt: number;
}

export interface Spool {
  /**
   * Writes the bytes, cut at the size limit; resolves when they are durable. The same step's n-th artifact replaces what
   * an earlier attempt left.
   * @throws TalonError `too_large` when the spool as a whole is full, `unavailable` when the disk fails
   */
  keep(stepId: string, n: number, artifact: Artifact, body: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<SpooledArtifact>;
  open(artifact: SpooledArtifact): AsyncIterable<Uint8Array>;
  remove(artifact: SpooledArtifact): Promise<void>;
  bytes(): number;
}

export interface SpoolLimits {
  /** Bytes one artifact may have. */
  readonly artifactBytes: number;
  /** Bytes all artifacts that wait for their upload may have together. */
  readonly totalBytes: number;
}

export async function openSpool(directory: string, limits: SpoolLimits, now: () => number): Promise<Spool> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  let total = await clear(directory);

  return {
    bytes: () => total,
    open: (artifact) => createReadStream(join(directory, artifact.file)),
    async remove(artifact) {
      await rm(join(directory, artifact.file), { force: true });
      total -= artifact.bytes;
    },
    async keep(stepId, n, artifact, body, signal) {
      const file = hash('sha256', `${stepId}\0${n}`, 'hex');
      const partial = join(directory, `${file}.partial`);
      const sha256 = createHash('sha256');
      let bytes = 0;
      let truncated = false;
      const handle = await open(partial, 'w', 0o600).catch(diskError);
      try {
        for await (const chunk of body) {
          signal.throwIfAborted();
          if (total + chunk.byteLength > limits.totalBytes) throw spoolFull(limits.totalBytes);
          truncated = bytes + chunk.byteLength > limits.artifactBytes;
          const part = truncated ? chunk.subarray(0, limits.artifactBytes - bytes) : chunk;
          await handle.writeFile(part).catch(diskError);
          sha256.update(part);
          bytes += part.byteLength;
          total += part.byteLength;
          if (truncated) break;
        }
        await handle.sync().catch(diskError);
        await handle.close();
        const replaced = await sizeOf(join(directory, file));
        await rename(partial, join(directory, file)).catch(diskError);
        total -= replaced;
      } catch (error) {
        total -= bytes;
        await handle.close().catch(() => {});
        await rm(partial, { force: true });
        throw error;
      }
      return { ...artifact, file, bytes, sha256: sha256.digest('hex'), truncated, keptAt: now() };
    },
  };
}

/** Removes what a crash left half-written; returns the bytes of the rest. */
async function clear(directory: string): Promise<number> {
  let total = 0;
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    if (name.endsWith('.partial')) await rm(path, { force: true });
    else total += await sizeOf(path);
  }
  return total;
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    (found) => found.size,
    () => 0,
  );
}

function diskError(cause: Error): never {
  throw new TalonError('unavailable', `the artifact could not be written to the spool: ${cause.message}`, { cause, retryable: true });
}

function spoolFull(limit: number): TalonError {
  return new TalonError(
    'too_large',
    `the spool holds ${limit} bytes of artifacts that wait for their upload and takes no more; check the outputs or raise limits.spool_bytes`,
  );
}
