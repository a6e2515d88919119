import { createHash, hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { TalonError, type Artifact } from '@falco-talon/core';
import { syncDirectory } from '../disk/sync-directory.ts';
import { chunksOf } from './chunks.ts';
import { collectsAsItStreams } from './young-garbage.ts';

/** An artifact safe on disk. Plain data: it is journalled with the step's result. */
export interface SpooledArtifact extends Omit<Artifact, 'incomplete'> {
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
  keep(
    stepId: string,
    n: number,
    artifact: Artifact,
    body: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<SpooledArtifact>;
  /** Opens nothing before it is read. */
  open(artifact: SpooledArtifact): AsyncIterable<Uint8Array>;
  remove(artifact: SpooledArtifact): Promise<void>;
  depth(): SpoolDepth;
}

/** What the spool holds, and may hold. */
export interface SpoolDepth {
  readonly bytes: number;
  readonly limitBytes: number;
  readonly files: number;
  readonly limitFiles: number;
}

export interface SpoolLimits {
  /** Bytes one artifact may have. */
  readonly artifactBytes: number;
  /** Bytes all artifacts that wait for their upload may have together. */
  readonly totalBytes: number;
  /** Artifacts at most, however small: each one that waits for its upload keeps its event in memory. Default 10,000. */
  readonly files?: number;
}

const MOST_FILES = 10_000;
/** Milliseconds before a full spool looks again whether somebody made room by hand. */
const LOOK_AGAIN = 1_000;

interface Written {
  bytes: number;
  sha256: string;
  truncated: boolean;
}

export async function openSpool(directory: string, limits: SpoolLimits, now: () => number): Promise<Spool> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  /** Bytes of what is complete, by name. */
  const kept = await clear(directory);
  /** With what is being written. */
  let total = [...kept.values()].reduce((sum, bytes) => sum + bytes, 0);
  const most = limits.files ?? MOST_FILES;
  let keeps = 0;
  let lookedAt = -Infinity;

  function isFull(more: number): boolean {
    return total + more > limits.totalBytes || kept.size >= most;
  }

  /** What could not be uploaded stays here until somebody takes it away. */
  async function lookAgain(): Promise<void> {
    if (performance.now() - lookedAt < LOOK_AGAIN) return;
    lookedAt = performance.now();
    // Known before: what is completed meanwhile may not be in the list.
    const known = [...kept.keys()];
    const there = new Set(await readdir(directory));
    for (const file of known) if (!there.has(file)) forget(file);
  }

  function forget(file: string): void {
    total -= kept.get(file) ?? 0;
    kept.delete(file);
  }

  async function write(
    handle: FileHandle,
    body: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
    written: Written,
  ): Promise<void> {
    const sha256 = createHash('sha256');
    const streamed = collectsAsItStreams();
    for await (const chunk of chunksOf(body, signal)) {
      const room = limits.artifactBytes - written.bytes;
      const part = chunk.byteLength > room ? chunk.subarray(0, room) : chunk;
      if (isFull(part.byteLength)) await lookAgain();
      if (isFull(part.byteLength)) throw spoolFull(limits.totalBytes, most);
      // Counted first: several artifacts are written at a time.
      total += part.byteLength;
      written.bytes += part.byteLength;
      await handle.writeFile(part).catch(diskError);
      sha256.update(part);
      streamed(part.byteLength);
      written.truncated = part !== chunk;
      if (written.truncated) break;
    }
    written.sha256 = sha256.digest('hex');
  }

  return {
    depth: () => ({ bytes: total, limitBytes: limits.totalBytes, files: kept.size, limitFiles: most }),
    async *open(artifact) {
      const streamed = collectsAsItStreams();
      const chunks: AsyncIterable<Buffer> = createReadStream(join(directory, artifact.file));
      for await (const chunk of chunks) {
        yield chunk;
        streamed(chunk.length);
      }
    },
    async remove(artifact) {
      await rm(join(directory, artifact.file), { force: true });
      forget(artifact.file);
    },
    async keep(stepId, n, { incomplete, ...artifact }, body, signal) {
      const file = hash('sha256', `${stepId}\0${n}`, 'hex');
      const path = join(directory, file);
      // A name of its own: an attempt that was left behind may still be writing.
      const partial = `${path}.${keeps++}.partial`;
      const written: Written = { bytes: 0, sha256: '', truncated: false };
      const handle = await open(partial, 'wx', 0o600).catch(diskError);
      try {
        await write(handle, body, signal, written);
        written.truncated ||= incomplete?.() === true;
        await handle.sync().catch(diskError);
        await handle.close().catch(diskError);
        signal.throwIfAborted();
        await rename(partial, path).catch(diskError);
        forget(file);
        kept.set(file, written.bytes);
      } catch (error) {
        total -= written.bytes;
        await handle.close().catch(() => {});
        await rm(partial, { force: true }).catch(() => {});
        throw error;
      }
      await syncDirectory(directory);
      return { ...artifact, file, ...written, keptAt: now() };
    },
  };
}

/** Removes what a crash left half-written; measures the rest. */
async function clear(directory: string): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  for (const name of await readdir(directory)) {
    // One after the other: there may be thousands.
    const path = join(directory, name);
    if (isPartial(name)) await rm(path, { force: true });
    else sizes.set(name, (await stat(path)).size);
  }
  return sizes;
}

function isPartial(name: string): boolean {
  return name.endsWith('.partial');
}

function diskError(cause: Error): never {
  throw new TalonError('unavailable', `the artifact could not be written to the spool: ${cause.message}`, {
    cause,
    retryable: true,
  });
}

function spoolFull(limit: number, most: number): TalonError {
  return new TalonError(
    'too_large',
    `the spool of artifacts that wait for their upload is full (at most ${limit} bytes and ${most} files); check the outputs, take away what can no longer be uploaded, or raise limits.spool_bytes`,
  );
}
