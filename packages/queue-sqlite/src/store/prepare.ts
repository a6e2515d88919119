import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { StoreOptions } from '../protocol.ts';
import { APPLICATION_ID, SCHEMA, SCHEMA_VERSION } from './schema.ts';

/** How long a process that is just ending may keep the database, milliseconds. */
const LOCK_WAIT = 1000;

/** The database must not be touched; somebody has to decide. */
export class Refusal extends Error {
  readonly retryable: boolean;
  constructor(message: string, retryable: boolean) {
    super(message);
    this.retryable = retryable;
  }
}

/**
 * Opens or creates the database, exclusively, ready for use.
 * @throws Refusal when it is of another version or not a queue
 */
export function prepare(options: StoreOptions): DatabaseSync {
  // Created here for its mode: bodies may hold secrets. SQLite gives its own files the mode of this one.
  closeSync(openSync(options.path, 'a', 0o600));
  const db = new DatabaseSync(options.path, { timeout: LOCK_WAIT });
  try {
    // Exclusive: the lock is held until the file is closed or the process ends, however it ends.
    // No other code of the process may open this file: closing it would drop the lock, https://sqlite.org/howtocorrupt.html
    db.exec('PRAGMA locking_mode = EXCLUSIVE');
    const fresh = refuseForeign(db, options.path);
    if (fresh) db.exec('PRAGMA auto_vacuum = INCREMENTAL');
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 16777216');
    const { page_size } = db.prepare('PRAGMA page_size').get() as { page_size: number };
    db.exec(`PRAGMA max_page_count = ${Math.floor(options.maxBytes / page_size)}`);
    db.exec('BEGIN IMMEDIATE');
    if (fresh) {
      db.exec(`${SCHEMA} PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}`);
    }
    db.exec('COMMIT');
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Before anything is written. True for a file without content. */
function refuseForeign(db: DatabaseSync, path: string): boolean {
  const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
  const { application_id: application } = db.prepare('PRAGMA application_id').get() as { application_id: number };
  const { tables } = db.prepare('SELECT count(*) AS tables FROM sqlite_schema').get() as { tables: number };
  if (tables === 0 && version === 0) return true;
  if (application !== APPLICATION_ID) {
    throw new Refusal(`${path} is a database of another program. Set queue.sqlite.path to a file of its own.`, false);
  }
  if (version !== SCHEMA_VERSION) {
    throw new Refusal(
      `${path} has the format ${version}, this version of Falco Talon reads and writes format ${SCHEMA_VERSION}. ` +
        'Start the version that wrote it until the queue is empty, or move the file away.',
      false,
    );
  }
  return false;
}
