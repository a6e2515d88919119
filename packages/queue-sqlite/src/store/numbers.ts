import type { DatabaseSync } from 'node:sqlite';

/** Numbers left out, so that none of what is lost is given to another message. */
const GAP = 1_000_000;

/** The number given last; undefined when it cannot be read. */
export function lastNumber(db: DatabaseSync | undefined): number | undefined {
  return numberOf(db, "SELECT seq AS n FROM sqlite_sequence WHERE name = 'messages'");
}

/** @param now milliseconds since the epoch */
export function skipNumbers(db: DatabaseSync, last: number, now: number): void {
  db.exec("DELETE FROM sqlite_sequence WHERE name = 'messages'");
  const next = Math.max(last + GAP, Math.floor(now / 1000));
  db.prepare("INSERT INTO sqlite_sequence (name, seq) VALUES ('messages', ?)").run(next);
}

/** What `sql` answers as `n`. */
export function numberOf(db: DatabaseSync | undefined, sql: string): number | undefined {
  try {
    const n = db?.prepare(sql).get()?.['n'];
    return typeof n === 'number' ? n : undefined;
  } catch {
    return undefined;
  }
}
