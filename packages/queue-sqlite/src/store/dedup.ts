import type { DatabaseSync } from 'node:sqlite';

/** Keys remembered at most; beyond it the oldest is forgotten: rather an event twice than an event lost. */
const MOST_KEYS = 500_000;

/** Rows one sweep deletes at most, so that no publisher waits long. */
const SWEEP = 20_000;

export interface Dedup {
  /** True when the key was accepted less than `window` milliseconds before `now`; else it is accepted now. */
  isDuplicate(key: string, window: number, now: number): boolean;
  /** The transaction was written, or not. */
  commit(): void;
  rollback(): void;
  /** Deletes expired rows; true when more are left. */
  sweep(now: number): boolean;
}

interface Accepted {
  readonly at: number;
  readonly expires: number;
}

/**
 * Keys are looked up in memory and written to a table that only grows at its end: an index on random keys would cost
 * more than the messages themselves.
 */
export function openDedup(db: DatabaseSync, now: number): Dedup {
  const insert = db.prepare('INSERT INTO dedup (key, accepted, expires) VALUES (?, ?, ?)');
  const oldest = db.prepare('SELECT n, accepted AS at, expires FROM dedup ORDER BY n LIMIT ?');
  const remove = db.prepare('DELETE FROM dedup WHERE n <= ?');
  const known = new Map<string, Accepted>();
  /** Written in the transaction that is open. */
  const fresh = new Map<string, Accepted>();

  /** Also what was accepted after `time`: the clock was set back, so it makes nothing a duplicate. */
  function isOver({ at, expires }: Accepted, time: number): boolean {
    return expires <= time || at > time;
  }

  for (const row of db.prepare('SELECT key, accepted, expires FROM dedup ORDER BY n').iterate()) {
    const accepted = { at: Number(row['accepted']), expires: Number(row['expires']) };
    if (!isOver(accepted, now)) remember(String(row['key']), accepted);
  }

  function remember(key: string, accepted: Accepted): void {
    known.delete(key);
    known.set(key, accepted);
    for (const eldest of known.keys()) {
      if (known.size <= MOST_KEYS) return;
      known.delete(eldest);
    }
  }

  return {
    isDuplicate(key, window, at) {
      const last = fresh.get(key) ?? known.get(key);
      // A time ahead of this one: the clock was set back. Rather twice than never.
      if (last && at >= last.at && at - last.at < window) return true;
      if (window <= 0) return false;
      const accepted = { at, expires: at + window };
      insert.run(key, accepted.at, accepted.expires);
      fresh.set(key, accepted);
      return false;
    },
    commit() {
      for (const [key, accepted] of fresh) remember(key, accepted);
      fresh.clear();
    },
    rollback: () => fresh.clear(),
    sweep(at) {
      for (const [key, accepted] of known) {
        if (!isOver(accepted, at)) break;
        known.delete(key);
      }
      const rows = oldest.all(SWEEP) as unknown as (Accepted & { readonly n: number })[];
      const living = rows.findIndex((row) => !isOver(row, at));
      const last = rows.at(living === -1 ? -1 : living - 1);
      if (living !== 0 && last) remove.run(last.n);
      return living === -1 && rows.length === SWEEP;
    },
  };
}
