import { realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TalonError } from '@falco-talon/core';
import { fileError } from './file-error.ts';

/** A folder that exists, under its real path: symbolic links above it are followed once, not at every step. */
export type ArtifactFolder = string & { readonly kind: 'artifact-folder' };

/** @throws TalonError `invalid_value` when there is no such folder, `forbidden` when it may not be looked at */
export async function artifactFolder(destination: string): Promise<ArtifactFolder> {
  try {
    const real = await realpath(destination);
    if ((await stat(real)).isDirectory()) return real as ArtifactFolder;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw fileError(cause, `look at the folder ${destination}`);
  }
  throw new TalonError(
    'invalid_value',
    `the destination ${destination} is not a folder; create it, or mount a volume there`,
  );
}

/**
 * Where a key is stored. A key is one plain name; whatever could leave the folder is refused, also the separators of
 * other systems.
 * @throws TalonError `invalid_value`
 */
export function artifactPath(folder: ArtifactFolder, key: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what this refuses
  const plain = key !== '' && !key.startsWith('.') && !/[/\\\u0000-\u001f\u007f]/.test(key) && key.isWellFormed();
  if (!plain || Buffer.byteLength(key) > 255) {
    throw new TalonError(
      'invalid_value',
      `${JSON.stringify(key.slice(0, 80))} cannot be the name of an artifact's file`,
    );
  }
  return join(folder, key);
}
