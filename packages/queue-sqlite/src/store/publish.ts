import type { CallTable } from './call-table.ts';
import type { Dedup } from './dedup.ts';
import type { Rows } from './rows.ts';

export function publishCall(rows: Rows, dedup: Dedup, refuseWhenFull: () => void): CallTable['publish'] {
  return (messages, now) => {
    refuseWhenFull();
    return messages.map((message) => {
      const { dedup: once, journal, claimed } = message;
      if (once && dedup.isDuplicate(once.key, once.window, now)) return null;
      return rows.insert(message, claimed ? 1 : 0, journal);
    });
  };
}
