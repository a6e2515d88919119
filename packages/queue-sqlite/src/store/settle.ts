import type { DatabaseSync } from 'node:sqlite';
import type { StoreOptions } from '../protocol.ts';
import type { CallTable } from './call-table.ts';
import { entryChecksum } from './checksum.ts';
import type { Dedup } from './dedup.ts';
import { sizeLimit } from './size-limit.ts';

/** Rows one sweep deletes at most, so that no publisher waits long. */
const SWEEP = 5000;

export function settleCalls(
  db: DatabaseSync,
  options: StoreOptions,
  dedup: Dedup,
): Pick<CallTable, 'append' | 'settle' | 'sweep' | 'probe'> {
  const append = db.prepare('INSERT OR REPLACE INTO journal (seq, n, step, kind, data, crc) VALUES (?, ?, ?, ?, ?, ?)');
  const remove = db.prepare('DELETE FROM messages WHERE seq = ?');
  const forget = db.prepare('DELETE FROM journal WHERE seq = ?');
  const delay = db.prepare('UPDATE messages SET not_before = ? WHERE seq = ?');
  const kill = db.prepare("UPDATE messages SET state = 'dead', ended = ?, reason = ? WHERE seq = ?");
  const oldDead = db.prepare("SELECT seq FROM messages WHERE state <> 'waiting' AND ended <= ? ORDER BY ended LIMIT ?");
  const surplus = db.prepare(
    "SELECT seq FROM messages WHERE state <> 'waiting' ORDER BY ended DESC, seq DESC LIMIT ? OFFSET ?",
  );
  const refuseWhenFull = sizeLimit(db);
  // As much as a few events take: a disk with room for one page is full.
  const probe = db.prepare('UPDATE probe SET at = ?, filler = zeroblob(16384) WHERE one = 1');

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
      const more = dedup.sweep(now);
      const removed = end(oldDead.all(now - options.deadRetention, SWEEP));
      db.exec('PRAGMA incremental_vacuum(1000)');
      return more || removed === SWEEP;
    },
    probe(_, now) {
      refuseWhenFull();
      probe.run(now);
      return null;
    },
  };
}
