import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText, isTalonError, TalonError, untilAborted, type StoredArtifact } from '@falco-talon/core';
import { artifactPath, type ArtifactFolder } from './artifact-folder.ts';
import { fileError } from './file-error.ts';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;

/**
 * Writes the whole artifact under its key, or nothing: into a file beside it that gets the key's name once every byte
 * is on disk and has the hash taken at capture. The name is replaced, never followed, should it be a symbolic link.
 * @throws TalonError, or the signal's reason
 */
export async function writeArtifact(
  folder: ArtifactFolder,
  artifact: StoredArtifact,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const path = artifactPath(folder, artifact.key);
  // The same name at every attempt, so that what a crash left behind is found and replaced.
  const partial = join(folder, `.${createHash('sha256').update(artifact.key).digest('hex').slice(0, 32)}.partial`);
  try {
    await rm(partial, { force: true });
    const handle = await open(partial, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, 0o600);
    try {
      await handle.chmod(0o600); // whatever the umask
      await copy(artifact, handle, signal);
      await handle.sync();
      signal.throwIfAborted();
      await publish(handle, partial, path);
    } catch (error) {
      if (await isStill(handle, partial)) await rm(partial, { force: true });
      throw error;
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (isTalonError(error) || signal.aborted) throw error;
    throw fileError(error, `write ${path}`);
  }
  await syncFolder(folder);
}

async function copy(artifact: StoredArtifact, handle: FileHandle, signal: AbortSignal): Promise<void> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of bytesOf(artifact, signal)) {
    hash.update(chunk);
    await handle.writeFile(chunk); // appends at the handle's position, all of it
    bytes += chunk.length;
  }
  if (bytes === artifact.bytes && hash.digest('hex') === artifact.sha256) return;
  throw new TalonError('rejected', `the bytes of ${artifact.key} are no longer the ones that were captured`);
}

/** @throws TalonError `unavailable` when the artifact fails, or the signal's reason */
async function* bytesOf(artifact: StoredArtifact, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* untilAborted(artifact.open(), signal);
  } catch (cause) {
    if (isTalonError(cause) || signal.aborted) throw cause;
    throw new TalonError('unavailable', `the artifact cannot be read: ${errorText(cause)}`, { cause, retryable: true });
  }
}

/** Another writer of the same key may have replaced our file: then its bytes must not appear as ours. */
async function publish(handle: FileHandle, partial: string, path: string): Promise<void> {
  if (await isStill(handle, partial)) return await rename(partial, path);
  throw new TalonError('conflict', `another process writes ${path} at the same time`, { retryable: true });
}

async function isStill(handle: FileHandle, partial: string): Promise<boolean> {
  const written = await handle.stat({ bigint: true });
  const found = await lstat(partial, { bigint: true }).catch(() => undefined);
  return found !== undefined && written.ino === found.ino && written.dev === found.dev;
}

/** Makes the new name survive a power cut. Some file systems cannot; the bytes are on disk anyway. */
async function syncFolder(folder: ArtifactFolder): Promise<void> {
  try {
    const handle = await open(folder, constants.O_RDONLY);
    await handle.sync().finally(() => handle.close());
  } catch {
    // EINVAL, EPERM, EISDIR: not a file system that syncs folders.
  }
}
