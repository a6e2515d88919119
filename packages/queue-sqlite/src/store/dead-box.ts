import type { DatabaseSync } from 'node:sqlite';
import type { StoreCounts, StoreOptions } from '../protocol.ts';
import { openDeadIndex, type DeadIndex } from './dead-index.ts';
import type { Rows } from './rows.ts';

/** Letters one call deletes at most, so that no publisher waits long. */
const AT_A_TIME = 5000;

/** What is set aside, within its limits: it never takes the room of what waits. */
export interface DeadBox {
  readonly index: DeadIndex;
  setAside(seq: number, state: 'dead' | 'corrupt', reason: string, now: number): void;
  /** Deletes what is past its time; true when more is left. */
  sweep(now: number): boolean;
  /** One stood on a page that cannot be read; it is where it was. */
  noteDamaged(): void;
  readonly counts: () => StoreCounts;
}

/** @param start `damaged`: messages it holds that were just found damaged */
export function openDeadBox(
  db: DatabaseSync,
  options: StoreOptions,
  start: { readonly rows: Rows; readonly damaged: number },
): DeadBox {
  const { rows } = start;
  const index = openDeadIndex(db);
  const setAside = db.prepare('UPDATE messages SET state = ?, ended = ?, reason = ? WHERE seq = ?');
  let { damaged } = start;
  let expired = 0;
  let discarded = 0;

  function isTooMuch(): boolean {
    if (index.count() > options.maxDead) return true;
    // The newest one rests here in any case.
    return index.count() > 1 && index.bytes() > options.maxDeadBytes;
  }

  /** The oldest first, as long as `surplus` says so. Answers how many. */
  function discard(surplus: (ended: number) => boolean): number {
    let count = 0;
    for (let oldest = index.oldest(); oldest && count < AT_A_TIME; oldest = index.oldest()) {
      if (!surplus(oldest.ended)) break;
      index.remove(oldest.name);
      rows.erase(oldest.seq);
      count++;
    }
    return count;
  }

  return {
    index,
    setAside(seq, state, reason, now) {
      setAside.run(state, index.nextEnd(now), reason, seq);
      index.add(seq);
      if (state === 'corrupt') damaged++;
      discarded += discard(isTooMuch);
    },
    sweep(now) {
      const old = discard((ended) => ended <= now - options.deadRetention);
      const surplus = discard(isTooMuch);
      expired += old;
      discarded += surplus;
      return old === AT_A_TIME || surplus === AT_A_TIME;
    },
    noteDamaged: () => void damaged++,
    counts: () => ({ damaged, expired, discarded }),
  };
}
