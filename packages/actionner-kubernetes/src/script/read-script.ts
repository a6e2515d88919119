import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { errorText, respellOwnTokens, TalonError } from '@falco-talon/core';
import { MOST_SCRIPT_BYTES, shellLines } from '../remote/script-text.ts';

/**
 * A script from Falco Talon's own disk, byte by byte in whatever encoding, with the line ends a shell knows and without a
 * byte order mark. A relative path begins in the working directory of the process.
 * @throws TalonError `invalid_value`, `too_large`
 */
export async function readScript(file: string): Promise<Uint8Array> {
  const bytes = await readBytes(file);
  if (bytes.includes(0))
    throw new TalonError('invalid_value', `the script file ${file} holds NUL: it is no shell script`);
  const text = bytes.toString('latin1').replace(/^\u00ef\u00bb\u00bf/, '');
  return Buffer.from(respellOwnTokens(shellLines(text)), 'latin1');
}

async function readBytes(file: string): Promise<Buffer> {
  // A pipe would be waited for.
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) =>
    unreadable(file, error),
  );
  try {
    const found = await handle.stat();
    if (!found.isFile()) throw new TalonError('invalid_value', `the script file ${file} is no regular file`);
    // One byte more tells whether the file is longer; its size may change meanwhile.
    const buffer = Buffer.alloc(MOST_SCRIPT_BYTES + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
      length += bytesRead;
      if (bytesRead === 0 || length === buffer.length) break;
    }
    if (length > MOST_SCRIPT_BYTES) throw new TalonError('too_large', `the script file ${file} has more than 1 MiB`);
    return buffer.subarray(0, length);
  } finally {
    await handle.close();
  }
}

function unreadable(file: string, error: unknown): never {
  throw new TalonError(
    'invalid_value',
    `the script file ${file} cannot be read where Falco Talon runs: ${errorText(error)}`,
    { cause: error },
  );
}
