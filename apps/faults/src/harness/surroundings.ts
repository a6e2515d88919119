import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Milliseconds for what is to end once the signal is aborted, and for each clean-up. */
export const GRACE = 20_000;

/** What servers, senders and proxies are started in, and end with. */
export interface Surroundings {
  /** Aborted at the time limit. */
  readonly signal: AbortSignal;
  /** Empty, its own, and removed afterwards. */
  readonly directory: string;
  /** Done at the end, the last one first, whatever happens. */
  cleanUp(work: () => unknown): void;
}

export interface OpenSurroundings extends Surroundings {
  /**
   * Cleans up; gives each error to `failed` and goes on.
   * @param grace milliseconds each may take
   */
  end(failed: (error: unknown) => void, grace?: number): Promise<void>;
}

/** @param limit milliseconds until the signal is aborted */
export async function openSurroundings(limit: number): Promise<OpenSurroundings> {
  const directory = await mkdtemp(join(tmpdir(), 'falco-talon-run-'));
  const ends: (() => unknown)[] = [];
  return {
    signal: AbortSignal.timeout(limit),
    directory,
    cleanUp: (work) => void ends.push(work),
    async end(failed, grace = GRACE) {
      for (const work of ends.splice(0).toReversed()) await within('a clean-up', grace, work).catch(failed);
      await rm(directory, { recursive: true, force: true }).catch(failed);
    },
  };
}

/**
 * What does not end in time is left behind.
 * @param most milliseconds it is waited for
 * @throws what `work` throws, or that it did not end
 */
export async function within<T>(what: string, most: number, work: () => T | Promise<T>): Promise<T> {
  const over = new AbortController();
  const late = delay(most, undefined, { signal: over.signal }).then((): never => {
    throw new Error(`${what} did not end within ${most / 1000} s`);
  });
  late.catch(() => {});
  try {
    return await Promise.race([(async () => work())(), late]);
  } finally {
    over.abort();
  }
}
