import { closeSync, openSync, readSync } from 'node:fs';

/** Bytes. */
const LIMIT = 1024 * 1024;

/**
 * What a file with a secret holds, without a line break at its end. Reads no more than it must to know that the file is
 * too large: a device has no end.
 */
export function readSecret(file: string): string {
  const buffer = Buffer.alloc(LIMIT + 1);
  const fd = openSync(file, 'r');
  try {
    let length = 0;
    for (let read = -1; read !== 0 && length < buffer.length; length += read) {
      read = readSync(fd, buffer, length, buffer.length - length, null);
    }
    if (length > LIMIT) throw new Error(`${file} is larger than ${LIMIT} bytes`);
    return buffer.toString('utf8', 0, length).replace(/\r?\n$/, '');
  } finally {
    closeSync(fd);
  }
}
