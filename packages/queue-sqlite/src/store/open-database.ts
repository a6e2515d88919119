import type { DatabaseSync } from 'node:sqlite';
import type { Note, StoreOptions } from '../protocol.ts';
import { giveUpLog, keepDamagedLog, type DamagedLog } from './damaged-log.ts';
import { prepare, Refusal } from './prepare.ts';
import { finishReplacing, replaceDamaged } from './replace-damaged.ts';
import { Damage, isDamage, RESULT, resultCode } from './sqlite-error.ts';

export interface OpenedDatabase {
  readonly db: DatabaseSync;
  readonly notes: readonly Note[];
  /** Messages that waited and rest now. */
  readonly setAside: number;
}

/**
 * Opens or creates the database, exclusively. One that is damaged as a whole is moved aside, what can be read of it is
 * taken over, and a note says so.
 * @throws Refusal when another process has it, when it is of another version or not a queue, or when there is no room to
 * take over what can be read
 */
export function openDatabase(options: StoreOptions): OpenedDatabase {
  const finished = finishReplacing(options.path);
  const log = keepDamagedLog(options.path);
  const { db, notes, setAside } = openSound(options, log);
  return { db, setAside, notes: [...finished, ...notes, ...(log ? [logNote(options.path, log, setAside)] : [])] };
}

function openSound(options: StoreOptions, log: DamagedLog | undefined): OpenedDatabase {
  let found: DatabaseSync | undefined;
  try {
    found = prepare(options);
    check(found);
    return { db: found, notes: [], setAside: log ? giveUpLog(found, options.now) : 0 };
  } catch (error) {
    if (isDamage(error)) {
      const { note, setAside } = replaceDamaged(options, found, { error, logLost: log !== undefined });
      return { db: prepare(options), notes: [note], setAside };
    }
    found?.close();
    throw explained(error, options.path);
  }
}

function logNote(path: string, { frames, kept }: DamagedLog, setAside: number): Note {
  return {
    message:
      'the log of the queue was damaged: what was written to it after that is lost, and all that waited was set aside, ' +
      'since it may have been handled (falco-talon dead-letter list)',
    fields: { path, kept_as: kept, lost_frames: frames, set_aside: setAside },
  };
}

/**
 * Reads all pages, so damage shows now and not in the middle of the work. What a row says is looked at when it is delivered.
 * @throws Damage
 */
function check(db: DatabaseSync): void {
  const [found] = db.prepare('PRAGMA quick_check(1)').all();
  if (found?.['quick_check'] !== 'ok') throw new Damage(String(found?.['quick_check']));
}

function explained(error: unknown, path: string): unknown {
  if (resultCode(error) !== RESULT.busy) return error;
  return new Refusal(
    `${path} is in use by another process. Stop it, or give this one a data directory of its own ` +
      '(data_directory in config.yaml, or FALCO_TALON_DATA_DIRECTORY): the embedded queue is for one process.',
    true,
  );
}
