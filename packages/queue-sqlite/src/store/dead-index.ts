import type { DatabaseSync } from 'node:sqlite';

/** What a row takes besides its texts, roughly. */
const ROW_BYTES = 200;

export interface Dead {
  readonly seq: number;
  /** What the letter is called outside: the message's id, or a name of its own. Escaped, as ids are stored. */
  readonly name: string;
  readonly ended: number;
  /** Disk space it takes, roughly. */
  readonly bytes: number;
}

/** What is set aside, in that order: looked up here so that neither a list nor a limit reads bodies. */
export interface DeadIndex {
  readonly count: () => number;
  readonly bytes: () => number;
  find(name: string): Dead | undefined;
  oldest(): Dead | undefined;
  /** From behind `after`; from the beginning when it is unknown. */
  page(after: string | null, limit: number): Dead[];
  /** Its row has just been set aside. */
  add(seq: number): void;
  remove(name: string): void;
  /** The transaction was written, or not: then this is read anew before the next use. */
  commit(): void;
  rollback(): void;
  /** A time for the next letter: `now`, or a moment later, since many are set aside in one millisecond. */
  nextEnd(now: number): number;
}

const COLUMNS =
  'seq, id, ended, length(body) + length(headers) + length(id) + length(key) + ' +
  'coalesce((SELECT sum(length(data) + length(step)) FROM journal j WHERE j.seq = m.seq), 0) AS bytes';

export function openDeadIndex(db: DatabaseSync): DeadIndex {
  const all = db.prepare(`SELECT ${COLUMNS} FROM messages m WHERE state <> 'waiting' ORDER BY ended, seq`);
  const single = db.prepare(`SELECT ${COLUMNS} FROM messages m WHERE seq = ?`);
  const byName = new Map<string, Dead>();
  let bytes = 0;
  let last = 0;
  let changed = false;
  let stale = false;

  function insert(row: Record<string, unknown>): void {
    const seq = Number(row['seq']);
    const id = String(row['id']);
    const name = isText(id) && !byName.has(id) ? id : `${isText(id) ? id : 'damaged'}#${seq}`;
    const dead = { seq, name, ended: Number(row['ended']), bytes: Number(row['bytes']) + ROW_BYTES };
    byName.set(name, dead);
    bytes += dead.bytes;
    last = dead.ended;
  }

  function read(): Map<string, Dead> {
    if (!stale) return byName;
    byName.clear();
    bytes = 0;
    for (const row of all.iterate()) insert(row);
    stale = false;
    return byName;
  }

  stale = true;
  read();
  return {
    count: () => byName.size,
    bytes: () => bytes,
    find: (name) => read().get(name),
    oldest: () => read().values().next().value,
    page(after, limit) {
      const known = [...read().values()];
      const start = after === null ? 0 : known.findIndex(({ name }) => name === after) + 1;
      return known.slice(start, start + limit);
    },
    add(seq) {
      read();
      changed = true;
      const row = single.get(seq);
      if (row) insert(row);
    },
    remove(name) {
      changed = true;
      bytes -= read().get(name)?.bytes ?? 0;
      byName.delete(name);
    },
    commit: () => void (changed = false),
    rollback() {
      stale ||= changed;
      changed = false;
    },
    nextEnd: (now) => (last >= now && last - now < 60_000 ? last + 1 : now),
  };
}

/** A flipped bit can leave an id that is no inside of a JSON text any more. */
function isText(id: string): boolean {
  try {
    return JSON.parse(`"${id}"`) !== '';
  } catch {
    return false;
  }
}
