import type { DatabaseSync } from 'node:sqlite';
import type { CallTable } from './call-table.ts';
import type { DeadBox } from './dead-box.ts';
import type { Dedup } from './dedup.ts';
import type { Rows } from './rows.ts';

export interface SettleDeps {
  readonly rows: Rows;
  readonly box: DeadBox;
  readonly dedup: Dedup;
  readonly refuseWhenFull: () => void;
}

export function settleCalls(
  db: DatabaseSync,
  { rows, box, dedup, refuseWhenFull }: SettleDeps,
): Pick<CallTable, 'append' | 'settle' | 'sweep' | 'probe'> {
  const delay = db.prepare('UPDATE messages SET not_before = ? WHERE seq = ?');
  // As much as a few events take: a disk with room for one page is full.
  const probe = db.prepare('UPDATE probe SET at = ?, filler = zeroblob(16384) WHERE one = 1');

  return {
    append({ seq, from, entries }) {
      rows.append(seq, from, entries);
      return null;
    },
    settle({ seq, end }, now) {
      if (end.kind === 'done') rows.erase(seq);
      else if (end.kind === 'later') delay.run(end.at, seq);
      else box.setAside(seq, 'dead', end.reason, now);
      return null;
    },
    sweep(_, now) {
      const moreKeys = dedup.sweep(now);
      const moreDead = box.sweep(now);
      db.exec('PRAGMA incremental_vacuum(1000)');
      return moreKeys || moreDead;
    },
    probe(_, now) {
      refuseWhenFull();
      probe.run(now);
      return null;
    },
  };
}
