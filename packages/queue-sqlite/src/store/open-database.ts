import { copyFileSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { Note, StoreOptions } from '../protocol.ts';
import { lostFrames } from './lost-frames.ts';
import { prepare, Refusal } from './prepare.ts';
import { finishReplacing, replaceDamaged } from './replace-damaged.ts';
import { doubt } from './salvage.ts';
import { Damage, isDamage, RESULT, resultCode } from './sqlite-error.ts';

/**
 * Opens or creates the database, exclusively. One that is damaged as a whole is moved aside, what can be read of it is
 * taken over, and a note says so.
 * @throws Refusal when another process has it, when it is of another version or not a queue, or when there is no room to
 * take over what can be read
 */
export function openDatabase(options: StoreOptions): { db: DatabaseSync; notes: Note[] } {
  const notes = finishReplacing(options.path);
  const log = damagedLog(options);
  const { db, note } = openSound(options);
  if (note) notes.push(note);
  // Intents may be among what is lost.
  if (log) notes.push({ ...log, fields: { ...log.fields, journal_lost: doubt(db) } });
  return { db, notes };
}

function openSound(options: StoreOptions): { db: DatabaseSync; note?: Note } {
  let found: DatabaseSync | undefined;
  try {
    found = prepare(options);
    check(found);
    return { db: found };
  } catch (error) {
    if (isDamage(error)) return { note: replaceDamaged(options, found, error), db: prepare(options) };
    found?.close();
    throw explained(error, options.path);
  }
}

/** SQLite reads its log up to the first frame that does not match its checksum, says nothing, and overwrites the rest. It is kept. */
function damagedLog({ path, now }: StoreOptions): Note | undefined {
  const frames = lostFrames(`${path}-wal`);
  if (frames === 0) return undefined;
  const kept = `${path}.corrupt-${new Date(now).toISOString().replaceAll(':', '-')}-wal`;
  copyFileSync(`${path}-wal`, kept);
  const message = 'the log of the queue was damaged: what was written to it after that is lost';
  return { message, fields: { path, kept_as: kept, lost_frames: frames } };
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
