import type { DatabaseSync } from 'node:sqlite';
import type { LoadedMessage, UnreadableMessage, WireEntry } from '../protocol.ts';
import type { CallTable } from './call-table.ts';
import { entryChecksum, messageChecksum } from './checksum.ts';
import { isDamage } from './sqlite-error.ts';

type MessageRow = Omit<LoadedMessage, 'journal'> & { key: string; crc: number };
type EntryRow = WireEntry & { n: number; crc: number };

export function loadCalls(db: DatabaseSync): Pick<CallTable, 'load' | 'unload'> {
  const count = db.prepare(
    "UPDATE messages SET attempt = attempt + 1 WHERE seq = ? AND state = 'waiting' " +
      'RETURNING seq, id, kind, key, headers, body, attempt, crc',
  );
  const uncount = db.prepare('UPDATE messages SET attempt = attempt - 1 WHERE seq = ? AND attempt > 0');
  const entries = db.prepare('SELECT n, step, kind, data, crc FROM journal WHERE seq = ? ORDER BY n');
  const setAside = db.prepare("UPDATE messages SET state = 'corrupt', ended = ?, reason = ? WHERE seq = ?");

  function read(seq: number): LoadedMessage | UnreadableMessage | undefined {
    const row = count.get(seq) as MessageRow | undefined;
    if (!row) return undefined;
    if (messageChecksum(row) !== row.crc) return { seq, unreadable: 'the checksum of the message does not match' };
    const journal = entries.all(seq) as unknown as EntryRow[];
    if (journal.some((entry) => entryChecksum(seq, entry.n, entry) !== entry.crc)) {
      // Without its journal nobody knows what was done already.
      return { seq, unreadable: 'the checksum of its journal does not match' };
    }
    const { id, kind, headers, body, attempt } = row;
    return {
      seq,
      id,
      kind,
      headers,
      body,
      attempt,
      journal: journal.map(({ step, kind, data }) => ({ step, kind, data })),
    };
  }

  function load(seqs: readonly number[], now: number): (LoadedMessage | UnreadableMessage)[] {
    return seqs.flatMap((seq) => {
      let found: LoadedMessage | UnreadableMessage | undefined;
      try {
        found = read(seq);
      } catch (error) {
        // A damaged page costs its own messages only; the next start takes over what is readable.
        if (!isDamage(error)) throw error;
        return [{ seq, unreadable: String(error) }];
      }
      if (found && 'unreadable' in found) setAside.run(now, found.unreadable, seq);
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
