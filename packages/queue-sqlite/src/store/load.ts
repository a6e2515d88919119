import type { DatabaseSync } from 'node:sqlite';
import type { LoadedMessage, UnreadableMessage } from '../protocol.ts';
import type { CallTable } from './call-table.ts';
import type { DeadBox } from './dead-box.ts';
import { isIntact, type MessageRow, type Rows } from './rows.ts';
import { isDamage } from './sqlite-error.ts';

export function loadCalls(db: DatabaseSync, rows: Rows, box: DeadBox): Pick<CallTable, 'load' | 'unload'> {
  const count = db.prepare(
    "UPDATE messages SET attempt = attempt + 1 WHERE seq = ? AND state = 'waiting' " +
      'RETURNING seq, id, kind, key, headers, body, attempt, crc',
  );
  const uncount = db.prepare('UPDATE messages SET attempt = attempt - 1 WHERE seq = ? AND attempt > 0');

  function read(seq: number): LoadedMessage | UnreadableMessage | undefined {
    const row = count.get(seq) as MessageRow | undefined;
    if (!row) return undefined;
    if (!isIntact(row)) return { seq, unreadable: 'the checksum of the message does not match' };
    const journal = rows.journal(seq);
    // Without its journal nobody knows what was done already.
    if (!journal) return { seq, unreadable: 'the checksum of its journal does not match, or a part of it is lost' };
    const { id, kind, headers, body, attempt } = row;
    return { seq, id, kind, headers, body, attempt, journal: journal.entries, next: journal.next };
  }

  function load(seqs: readonly number[], now: number): (LoadedMessage | UnreadableMessage)[] {
    return seqs.flatMap((seq) => {
      let found: LoadedMessage | UnreadableMessage | undefined;
      try {
        found = read(seq);
      } catch (error) {
        // A damaged page costs its own messages only; the next start takes over what is readable.
        if (!isDamage(error)) throw error;
        box.noteDamaged();
        return [{ seq, unreadable: String(error) }];
      }
      if (found && 'unreadable' in found) box.setAside(seq, 'corrupt', found.unreadable, now);
      return found ? [found] : [];
    });
  }

  return {
    load,
    unload(seqs) {
      for (const seq of seqs) uncount.run(seq);
      return null;
    },
  };
}
