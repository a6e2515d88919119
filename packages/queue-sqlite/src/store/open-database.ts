import type { DatabaseSync } from 'node:sqlite';
import type { Note, StoreOptions } from '../protocol.ts';
import { prepare, Refusal } from './prepare.ts';
import { finishReplacing, replaceDamaged } from './replace-damaged.ts';
import { Damage, isDamage, RESULT, resultCode } from './sqlite-error.ts';

/**
 * Opens or creates the database, exclusively. One that is damaged as a whole is moved aside, what can be read of it is
 * taken over, and a note says so.
 * @throws Refusal when another process has it, when it is of another version or not a queue, or when there is no room to
 * take over what can be read
 */
export function openDatabase(options: StoreOptions): { db: DatabaseSync; notes: Note[] } {
  const notes = finishReplacing(options.path);
  let found: DatabaseSync | undefined;
  try {
    found = prepare(options);
    check(found);
    return { db: found, notes };
  } catch (error) {
    if (isDamage(error)) return { notes: [...notes, replaceDamaged(options, found, error)], db: prepare(options) };
    found?.close();
    throw explained(error, options.path);
  }
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
