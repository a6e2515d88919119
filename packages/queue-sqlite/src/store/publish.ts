import type { DatabaseSync } from 'node:sqlite';
import type { WireMessage } from '../protocol.ts';
import { messageChecksum } from './checksum.ts';
import { Full, type CallTable } from './call-table.ts';

/** Part of the file that publishing leaves free, so that what is inside can always be worked off. */
const RESERVE = 0.1;

export function publishCall(db: DatabaseSync): CallTable['publish'] {
  const insert = db.prepare(
    'INSERT INTO messages (id, kind, key, not_before, headers, body, crc) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const accepted = db.prepare('SELECT accepted FROM dedup WHERE key = ?');
  const remember = db.prepare('INSERT OR REPLACE INTO dedup (key, accepted, expires) VALUES (?, ?, ?)');
  const pages = db.prepare(
    'SELECT p.page_count - f.freelist_count AS used, m.max_page_count AS most ' +
      'FROM pragma_page_count p, pragma_freelist_count f, pragma_max_page_count m',
  );

  function isDuplicate(message: WireMessage, now: number): boolean {
    if (!message.dedup) return false;
    const age = now - Number(accepted.get(message.dedup.key)?.['accepted'] ?? Number.NaN);
    // A negative age: the clock was set back. Rather twice than never.
    if (age >= 0 && age < message.dedup.window) return true;
    remember.run(message.dedup.key, now, now + message.dedup.window);
    return false;
  }

  return (messages, now) => {
    const { used, most } = pages.get() as { used: number; most: number };
    if (used > most * (1 - RESERVE)) {
      throw new Full('The queue has reached its size on disk (queue.sqlite.max_megabytes).');
    }
    return messages.map((message) => {
      if (isDuplicate(message, now)) return null;
      const { id, kind, key, notBefore, headers, body } = message;
      return Number(insert.run(id, kind, key, notBefore, headers, body, messageChecksum(message)).lastInsertRowid);
    });
  };
}
