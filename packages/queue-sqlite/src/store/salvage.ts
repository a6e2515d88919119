import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { setWaitingAside } from './damaged-log.ts';
import { lastNumber, numberOf, skipNumbers } from './numbers.ts';
import { LOST_ENTRY, WITH_JOURNAL } from './rows.ts';
import { RESULT, resultCode } from './sqlite-error.ts';

export interface Salvaged {
  readonly saved: number;
  /** Messages that were there and are not any more; undefined when nobody knows. */
  readonly notSavedAtMost: number | undefined;
  /** Messages whose journal may be incomplete: they are set aside when their turn comes. */
  readonly doubtful: number;
  /** Messages set aside, since they may have been handled in what is lost of the log. */
  readonly setAside: number;
}

/**
 * Copies what can still be read of a damaged database: forward up to the first unreadable page, then backward up to the
 * last one. Rows are checked when they are delivered, like all others.
 * @param now milliseconds since the epoch
 * @param logLost the log was damaged, too
 * @throws when the copy cannot be written
 */
export function salvage(
  from: DatabaseSync | undefined,
  into: DatabaseSync,
  { now, logLost }: { readonly now: number; readonly logLost: boolean },
): Salvaged {
  // Written once and thrown away when it fails: no log that takes as much room again.
  into.exec('PRAGMA journal_mode = OFF; BEGIN IMMEDIATE');
  const last = lastNumber(from);
  const messages = copyTable(from, into, 'messages', ['seq']);
  const journal = copyTable(from, into, 'journal', ['seq', 'n']);
  copyTable(from, into, 'dedup', ['n']);
  const highest = numberOf(
    into,
    'SELECT max(coalesce((SELECT max(seq) FROM messages), 0), coalesce((SELECT max(seq) FROM journal), 0)) AS n',
  );
  const doubtful = journal.whole && from && isSound(from, 'journal') ? 0 : doubt(into);
  into.exec('DELETE FROM journal WHERE seq NOT IN (SELECT seq FROM messages)');
  const setAside = logLost ? setWaitingAside(into, now) : 0;
  skipNumbers(into, last ?? highest ?? 0, now);
  into.exec('COMMIT');
  const notSavedAtMost = messages.missing ?? (last === undefined ? undefined : last - messages.reached);
  return { saved: messages.rows, notSavedAtMost, doubtful, setAside };
}

/**
 * Without its journal nobody knows what was done about a message already: all that may have had entries are marked, and set
 * aside when their turn comes. Answers how many.
 */
function doubt(into: DatabaseSync): number {
  const { step, kind, data, n, crc } = LOST_ENTRY;
  const marked = into
    .prepare(
      'INSERT OR IGNORE INTO journal (seq, n, step, kind, data, crc) SELECT seq, ?, ?, ?, ?, ? FROM messages WHERE attempt > 0 OR reason = ?',
    )
    .run(n, step, kind, data, crc, WITH_JOURNAL);
  return Number(marked.changes);
}

function isSound(db: DatabaseSync, table: string): boolean {
  try {
    return db.prepare(`PRAGMA quick_check('${table}')`).all()[0]?.['quick_check'] === 'ok';
  } catch {
    return false;
  }
}

interface Copied {
  readonly rows: number;
  /** All of the table could be read. */
  readonly whole: boolean;
  /** By the first column of the key: the last row that was read forward, 0 for none. */
  readonly reached: number;
  /** Rows in between that were not copied, at most; undefined when there is no other end. */
  readonly missing: number | undefined;
}

function copyTable(from: DatabaseSync | undefined, into: DatabaseSync, table: string, key: readonly string[]): Copied {
  const columns = into
    .prepare(`SELECT name FROM pragma_table_info('${table}')`)
    .all()
    .map((row) => String(row['name']));
  const insert = into.prepare(
    `INSERT OR IGNORE INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
  );
  let rows = 0;
  let refused = 0;
  function copy(order: 'ASC' | 'DESC'): { readonly complete: boolean; readonly reached: number | undefined } {
    let reached: number | undefined;
    const by = key.map((name) => `${name} ${order}`).join(', ');
    const complete = eachReadable(from, `SELECT ${columns.join(', ')} FROM ${table} ORDER BY ${by}`, (row) => {
      reached = Number(row[key[0]!]);
      try {
        rows += Number(insert.run(...columns.map((name) => row[name] as SQLInputValue)).changes);
      } catch (error) {
        // Not what this column can hold: the row is damaged. Anything else is the new file's fault.
        if (resultCode(error) !== RESULT.constraint) throw error;
        refused++;
      }
    });
    return { complete, reached };
  }
  const forward = copy('ASC');
  const reached = forward.reached ?? 0;
  if (forward.complete) return { rows, whole: refused === 0, reached, missing: refused };
  const back = copy('DESC').reached;
  return {
    rows,
    whole: false,
    reached,
    missing: back === undefined ? undefined : Math.max(back - reached - 1, 0) + refused,
  };
}

/** Up to the first row that cannot be read; answers whether there was none. */
function eachReadable(
  db: DatabaseSync | undefined,
  sql: string,
  take: (row: Record<string, unknown>) => void,
): boolean {
  let rows: Iterator<Record<string, unknown>> | undefined;
  for (;;) {
    let next: IteratorResult<Record<string, unknown>>;
    try {
      rows ??= db?.prepare(sql).iterate();
      if (!rows) return false;
      next = rows.next();
    } catch {
      return false;
    }
    if (next.done) return true;
    take(next.value);
  }
}
