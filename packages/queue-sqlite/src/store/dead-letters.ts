import type { DatabaseSync } from 'node:sqlite';
import { carried } from '../carried.ts';
import type { WireDeadLetter } from '../protocol.ts';
import type { CallTable } from './call-table.ts';
import type { Dead, DeadIndex } from './dead-index.ts';
import { isIntact, type MessageRow, type Rows } from './rows.ts';

export function deadLetterCalls(
  db: DatabaseSync,
  index: DeadIndex,
  rows: Rows,
): Pick<CallTable, 'deadList' | 'deadRead' | 'deadRetry' | 'deadDrop'> {
  const letter = db.prepare('SELECT kind, key, reason, ended, attempt FROM messages WHERE seq = ?');
  const message = db.prepare('SELECT seq, id, kind, key, headers, body, attempt, crc FROM messages WHERE seq = ?');

  const letterOf = ({ name, seq }: Dead) => ({ name, seq, ...letter.get(seq) }) as WireDeadLetter;

  function whole(seq: number) {
    const row = message.get(seq) as MessageRow | undefined;
    return { message: row && isIntact(row) ? row : undefined, journal: rows.journal(seq)?.entries };
  }

  return {
    deadList: ({ after, limit }) => index.page(after, limit).map(letterOf),
    deadRead(name) {
      const found = index.find(name);
      if (!found) return null;
      const { message: row, journal } = whole(found.seq);
      const { id, kind, headers, body } = row ?? {};
      return {
        letter: letterOf(found),
        ...(id === undefined || !kind || !headers || !body ? {} : { message: { id, kind, headers, body } }),
        ...(journal ? { journal } : {}),
      };
    },
    deadRetry: (names) =>
      [...new Set(names)].flatMap((name) => {
        const found = index.find(name);
        const { message: row, journal } = found ? whole(found.seq) : {};
        if (!found || !row || !journal) return [];
        index.remove(name);
        rows.erase(found.seq);
        // A new number: behind what waits, and out of reach for whoever still works on the old one.
        const seq = rows.insert({ ...row, notBefore: null }, 0, carried(journal));
        return [{ name, seq, key: row.key }];
      }),
    deadDrop: (names) =>
      [...new Set(names)].filter((name) => {
        const found = index.find(name);
        if (!found) return false;
        index.remove(name);
        rows.erase(found.seq);
        return true;
      }),
  };
}
