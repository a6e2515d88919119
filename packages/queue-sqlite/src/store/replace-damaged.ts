import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { Note, StoreOptions } from '../protocol.ts';
import { prepare, Refusal } from './prepare.ts';
import { salvage, type Salvaged } from './salvage.ts';

const MESSAGE = 'the queue was damaged and has been started afresh';

/** What was taken over, complete, until it has the place of the damaged file. */
const complete = (path: string) => `${path}.salvaged`;

/**
 * Moves the damaged database aside and puts in its place what can be read of it. It stays where it is until all of that is
 * on disk, so whenever the process ends, the next start goes on from what there is. `damaged` is closed; undefined when not even
 * its tables can be found.
 * @throws Refusal when there is no room
 */
export function replaceDamaged(
  options: StoreOptions,
  damaged: DatabaseSync | undefined,
  { error, logLost }: { readonly error: unknown; readonly logLost: boolean },
): { readonly note: Note; readonly setAside: number } {
  const { path, now } = options;
  const copy = `${path}.salvage`;
  let salvaged: Salvaged;
  try {
    salvaged = takeOver(options, damaged, { copy, logLost });
  } catch (failure) {
    const text = failure instanceof Error ? failure.message : String(failure);
    throw new Refusal(
      `${path} is damaged, and what can be read of it cannot be written to a new file: ${text}. ` +
        'Make room on its disk, or move it away to start with an empty queue.',
      true,
    );
  } finally {
    // Its lock is held until here: nobody else begins the same.
    damaged?.close();
  }
  // Read again after a crash, for the name of what is moved aside.
  utimesSync(copy, new Date(now), new Date(now));
  renameSync(copy, complete(path));
  const aside = swap(path);
  const { saved, notSavedAtMost, doubtful, setAside } = salvaged;
  const fields = {
    path,
    moved_to: aside,
    saved,
    ...(notSavedAtMost !== undefined && { not_saved_at_most: notSavedAtMost }),
    ...(doubtful > 0 && { journal_lost: doubtful }),
    error: String(error),
  };
  return { note: { message: MESSAGE, fields }, setAside };
}

/** What a process that ended in the middle of it had not finished any more. */
export function finishReplacing(path: string): Note[] {
  if (!existsSync(complete(path))) return [];
  return [{ message: MESSAGE, fields: { path, moved_to: swap(path), error: 'the process ended before it was done' } }];
}

function takeOver(
  options: StoreOptions,
  damaged: DatabaseSync | undefined,
  { copy, logLost }: { readonly copy: string; readonly logLost: boolean },
): Salvaged {
  for (const left of [copy, `${copy}-wal`]) rmSync(left, { force: true });
  const fresh = prepare({ ...options, path: copy, maxBytes: options.maxBytes * 2 });
  try {
    return salvage(damaged, fresh, { now: options.now, logLost });
  } catch (error) {
    rmSync(copy, { force: true });
    throw error;
  } finally {
    fresh.close();
  }
}

/** May be begun again wherever it was interrupted. Answers where the damaged file is. */
function swap(path: string): string {
  const ready = complete(path);
  const aside = `${path}.corrupt-${statSync(ready).mtime.toISOString().replaceAll(':', '-')}`;
  for (const suffix of ['-wal', '']) {
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  }
  renameSync(ready, path);
  const directory = openSync(dirname(path), 'r');
  fsyncSync(directory);
  closeSync(directory);
  return aside;
}
