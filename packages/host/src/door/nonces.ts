import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText, type Logger } from '@falco-talon/core';
import { readBounded } from '@falco-talon/engine';

/** Each is good once. */
export interface Nonces {
  /**
   * `signed`: the signature's own time, seconds since the epoch.
   * @returns `crowded`: too many are remembered; this one is not spent
   */
  spend(nonce: string, signed: number): 'replayed' | 'crowded' | undefined;
  /** Resolves when what was spent is in the files, at most after `grace` milliseconds: a disk may take longer than a stop. */
  close(grace: number): Promise<void>;
}

export interface NoncesOptions {
  /** Where they outlive the process; undefined: nowhere. */
  readonly directory: string | undefined;
  /** Milliseconds a sender's clock may differ, either way: so long after its time a signature could come again. */
  readonly tolerance: number;
  /** Remembered at most. Further ones are refused rather than one forgotten. */
  readonly capacity: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly logger: Logger;
}

/** The largest tolerance, seconds: so long files are kept, whatever it is now. After a restart it may be another one. */
export const MOST_TOLERANCE = 1_800;
/** Milliseconds one file is written to. */
const UNIT = 10 * 60 * 1000;
const UNITS_KEPT = Math.ceil((2 * MOST_TOLERANCE * 1000) / UNIT);
const FILE = /^signature-nonces-(\d{1,15})$/;
const LINE = /^(\d{1,12}) ([\w-]{16,64})$/;
/** Bytes of one line at most, and what may wait for a disk that is slow. */
const LINE_LIMIT = 78;
const WAITING_LIMIT = 4 * 1024 * 1024;
/** Milliseconds between two looks at all of them, while too many are remembered. */
const SEARCH = 1_000;

/**
 * Remembers in files of ten minutes each, with the time of the signature, so that one whose tolerance is changed is judged anew.
 * Another replica has files of its own, and a file that cannot be written is logged once: then they are remembered as long
 * as the process lives.
 */
export async function openNonces(options: NoncesOptions): Promise<Nonces> {
  const { directory, tolerance, capacity, now, logger } = options;
  // A sender's clock may be ahead by the tolerance, and its signature is good as long again.
  const span = 2 * tolerance;
  /** Nonce → when it is forgotten, in the order they came. */
  const seen = new Map<string, number>();
  const segmentAt = (time: number) => Math.floor(time / UNIT);
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
      if (Number(FILE.exec(name)![1]) < current - UNITS_KEPT) {
        await rm(path, { force: true });
        continue;
      }
      const bytes = await readBounded(path, { limit: capacity * LINE_LIMIT });
      for (const line of bytes.toString('latin1').split('\n')) {
        // The last line of a process that was killed may be half a line.
        const [, signed, nonce] = LINE.exec(line) ?? [];
        const until = Number(signed) * 1000 + tolerance;
        if (nonce !== undefined && until >= now() && seen.size < capacity) seen.set(nonce, until);
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
      void rm(join(folder, `signature-nonces-${segment - UNITS_KEPT - 1}`), { force: true }).catch(broken);
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
    spend(nonce, signed) {
      const time = now();
      forget(time);
      if (seen.has(nonce)) return 'replayed';
      if (seen.size >= capacity) return 'crowded';
      seen.set(nonce, time + span);
      if (directory !== undefined) write(directory, time, `${signed} ${nonce}\n`);
      return undefined;
    },
    async close(grace) {
      if (file === undefined || file.stream.destroyed) return;
      const { stream } = file;
      stream.end();
      await once(stream, 'close', { signal: AbortSignal.timeout(grace) }).catch(() => {});
    },
  };
}
