import type { DatabaseSync } from 'node:sqlite';
import type { CallTable } from './call-table.ts';
import { messageChecksum } from './checksum.ts';
import type { Dedup } from './dedup.ts';
import { sizeLimit } from './size-limit.ts';

export function publishCall(db: DatabaseSync, dedup: Dedup): CallTable['publish'] {
  const insert = db.prepare(
    'INSERT INTO messages (id, kind, key, not_before, headers, body, attempt, crc) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const refuseWhenFull = sizeLimit(db);

  return (messages, now) => {
    refuseWhenFull();
    return messages.map((message) => {
      const { id, kind, key, notBefore, dedup: once, headers, body } = message;
      if (once && dedup.isDuplicate(once.key, once.window, now)) return null;
      const attempt = message.claimed ? 1 : 0;
      const inserted = insert.run(id, kind, key, notBefore, headers, body, attempt, messageChecksum(message));
      return Number(inserted.lastInsertRowid);
    });
  };
}
