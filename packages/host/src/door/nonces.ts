import { createWriteStream, type WriteStream } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText, type Logger } from '@falco-talon/core';
import { readBounded } from '@falco-talon/engine';

/** Each is good once. */
export interface Nonces {
  /** `crowded`: too many are remembered; this one is not spent. */
  spend(nonce: string): 'replayed' | 'crowded' | undefined;
  /** Resolves when what was spent is in the files. */
  close(): Promise<void>;
}

export interface NoncesOptions {
  /** Where they outlive the process; undefined: nowhere. */
  readonly directory: string | undefined;
  /** How long one is remembered, milliseconds: as long as a signature it was seen with could come again. */
  readonly span: number;
  /** Remembered at most. Further ones are refused rather than one forgotten. */
  readonly capacity: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly logger: Logger;
}

const FILE = /^signature-nonces-(\d{1,15})$/;
const LINE = /^(\d{1,16}) ([\w-]{16,64})$/;
/** Bytes of one line at most, and what may wait for a disk that is slow. */
const LINE_LIMIT = 82;
const WAITING_LIMIT = 4 * 1024 * 1024;
/** Milliseconds between two looks at all of them, while too many are remembered. */
const SEARCH = 1_000;

/**
 * Remembers in files of one span each, of which the one before the current one is needed, too. Another replica has files of
 * its own, and a file that cannot be written is logged once: then they are remembered as long as the process lives.
 */
export async function openNonces(options: NoncesOptions): Promise<Nonces> {
  const { directory, span, capacity, now, logger } = options;
  /** Nonce → when it is forgotten, in the order they came. */
  const seen = new Map<string, number>();
  const segmentAt = (time: number) => Math.floor(time / span);
  let file: { readonly segment: number; readonly stream: WriteStream } | undefined;
  let isBroken = false;
  let searchedAt = -Infinity;

  function broken(error: unknown): void {
    if (isBroken) return;
    isBroken = true;
    logger.error('nonces of signatures cannot be written: after a restart they could be used again', {
      error: errorText(error),
    });
  }

  async function restore(folder: string): Promise<void> {
    const current = segmentAt(now());
    const names = (await readdir(folder)).filter((name) => FILE.test(name)).toSorted();
    for (const name of names) {
      const path = join(folder, name);
      if (Number(FILE.exec(name)![1]) < current - 1) {
        await rm(path, { force: true });
        continue;
      }
      const bytes = await readBounded(path, { limit: capacity * LINE_LIMIT });
      for (const line of bytes.toString('latin1').split('\n')) {
        // The last line of a process that was killed may be half a line.
        const [, until, nonce] = LINE.exec(line) ?? [];
        if (nonce !== undefined && Number(until) > now() && seen.size < capacity) seen.set(nonce, Number(until));
      }
    }
  }

  function write(folder: string, time: number, line: string): void {
    const segment = segmentAt(time);
    if (file?.segment !== segment) {
      file?.stream.end();
      const stream = createWriteStream(join(folder, `signature-nonces-${segment}`), { flags: 'a', mode: 0o600 });
      stream.on('error', broken);
      file = { segment, stream };
      void rm(join(folder, `signature-nonces-${segment - 2}`), { force: true }).catch(broken);
    }
    if (file.stream.writableLength > WAITING_LIMIT) return broken(new Error('the disk is too slow'));
    file.stream.write(line);
  }

  function forget(time: number): void {
    for (const [nonce, until] of seen) {
      if (until > time) break;
      seen.delete(nonce);
    }
    if (seen.size < capacity || Math.abs(time - searchedAt) < SEARCH) return;
    // A clock that was set back has left one that counts for long before others that do not.
    searchedAt = time;
    for (const [nonce, until] of seen) if (until <= time) seen.delete(nonce);
  }

  if (directory !== undefined) await restore(directory).catch(broken);
  return {
    spend(nonce) {
      const time = now();
      forget(time);
      if (seen.has(nonce)) return 'replayed';
      if (seen.size >= capacity) return 'crowded';
      seen.set(nonce, time + span);
      if (directory !== undefined) write(directory, time, `${time + span} ${nonce}\n`);
      return undefined;
    },
    close: () =>
      new Promise((resolve) => {
        if (file === undefined || file.stream.destroyed) return resolve();
        file.stream.once('close', () => resolve());
        file.stream.end();
      }),
  };
}
