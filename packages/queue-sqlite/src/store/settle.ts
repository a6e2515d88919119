import type { DatabaseSync } from 'node:sqlite';
import type { StoreOptions } from '../protocol.ts';
import type { CallTable } from './call-table.ts';
import { entryChecksum } from './checksum.ts';

/** Rows one sweep deletes at most, so that no publisher waits long. */
const SWEEP = 5000;

export function settleCalls(
  db: DatabaseSync,
  options: StoreOptions,
): Pick<CallTable, 'append' | 'settle' | 'sweep' | 'probe'> {
  const append = db.prepare(
    'INSERT OR REPLACE INTO journal (seq, n, step, kind, data, crc) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const remove = db.prepare('DELETE FROM messages WHERE seq = ?');
  const forget = db.prepare('DELETE FROM journal WHERE seq = ?');
  const delay = db.prepare('UPDATE messages SET not_before = ? WHERE seq = ?');
  const kill = db.prepare("UPDATE messages SET state = 'dead', ended = ?, reason = ? WHERE seq = ?");
  const expired = db.prepare('DELETE FROM dedup WHERE key IN (SELECT key FROM dedup WHERE expires <= ? LIMIT ?)');
  const oldDead = db.prepare(
    "SELECT seq FROM messages WHERE state <> 'waiting' AND ended <= ? ORDER BY ended LIMIT ?",
  );
  const surplus = db.prepare(
    "SELECT seq FROM messages WHERE state <> 'waiting' ORDER BY ended DESC, seq DESC LIMIT ? OFFSET ?",
  );
  const probe = db.prepare('UPDATE probe SET at = ? WHERE one = 1');

  function end(rows: readonly Record<string, unknown>[]): number {
    for (const row of rows) {
      forget.run(Number(row['seq']));
      remove.run(Number(row['seq']));
    }
    return rows.length;
  }

  return {
    append({ seq, from, entries }) {
      entries.forEach((entry, index) => {
        const n = from + index;
        append.run(seq, n, entry.step, entry.kind, entry.data, entryChecksum(seq, n, entry));
      });
      return null;
    },
    settle({ seq, end: how }, now) {
      if (how.kind === 'done') end([{ seq }]);
      else if (how.kind === 'later') delay.run(how.at, seq);
      else {
        kill.run(now, how.reason, seq);
        end(surplus.all(SWEEP, options.maxDead));
      }
      return null;
    },
    sweep(_, now) {
      const forgotten = Number(expired.run(now, SWEEP).changes);
      const removed = end(oldDead.all(now - options.deadRetention, SWEEP));
      db.exec('PRAGMA incremental_vacuum(1000)');
      return forgotten === SWEEP || removed === SWEEP;
    },
    probe(_, now) {
      probe.run(now);
      return null;
    },
  };
}
