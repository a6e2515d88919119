import type { DatabaseSync } from 'node:sqlite';
import type { LoadedMessage, WireEntry, WireMessage } from '../protocol.ts';
import { entryChecksum, messageChecksum } from './checksum.ts';

export type MessageRow = Omit<LoadedMessage, 'journal'> & { readonly key: string; readonly crc: number };
export type NewMessage = Pick<WireMessage, 'id' | 'kind' | 'key' | 'notBefore' | 'headers' | 'body'>;

/** The only place that writes and reads whole messages and journals, with their checksums. */
export interface Rows {
  /** Answers its number. */
  insert(message: NewMessage, attempt: number, journal: readonly WireEntry[]): number;
  append(seq: number, from: number, entries: readonly WireEntry[]): void;
  /** Undefined: at least one entry does not match its checksum, or is known to be lost. */
  journal(seq: number): StoredJournal | undefined;
  erase(seq: number): void;
}

/** Stands for entries that are lost: it matches no checksum, so its message is not acted on and not put back in line. */
export const LOST_ENTRY = { n: Number.MAX_SAFE_INTEGER, step: '', kind: 'lost', data: 'null', crc: -1 } as const;

/** `reason` of a message that came with entries: it has some although it was never tried. */
export const WITH_JOURNAL = 'it came with a journal';

export interface StoredJournal {
  readonly entries: WireEntry[];
  /** Of the next entry. Not how many there are: the number of an append that failed is not used again. */
  readonly next: number;
}

type EntryRow = WireEntry & { readonly n: number; readonly crc: number };

export function openRows(db: DatabaseSync): Rows {
  const insert = db.prepare(
    'INSERT INTO messages (id, kind, key, not_before, headers, body, attempt, reason, crc) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const append = db.prepare('INSERT INTO journal (seq, n, step, kind, data, crc) VALUES (?, ?, ?, ?, ?, ?)');
  const entries = db.prepare('SELECT n, step, kind, data, crc FROM journal WHERE seq = ? ORDER BY n');
  const remove = db.prepare('DELETE FROM messages WHERE seq = ?');
  const forget = db.prepare('DELETE FROM journal WHERE seq = ?');

  function write(seq: number, from: number, journal: readonly WireEntry[]): void {
    journal.forEach((entry, index) => {
      const n = from + index;
      append.run(seq, n, entry.step, entry.kind, entry.data, entryChecksum(seq, n, entry));
    });
  }

  return {
    insert(message, attempt, journal) {
      const { id, kind, key, notBefore, headers, body } = message;
      const reason = journal.length > 0 ? WITH_JOURNAL : null;
      const crc = messageChecksum(message);
      const inserted = insert.run(id, kind, key, notBefore, headers, body, attempt, reason, crc);
      const seq = Number(inserted.lastInsertRowid);
      write(seq, 0, journal);
      return seq;
    },
    append: write,
    journal(seq) {
      const rows = entries.all(seq) as unknown as EntryRow[];
      if (rows.some((entry) => entryChecksum(seq, entry.n, entry) !== entry.crc)) return undefined;
      return {
        entries: rows.map(({ step, kind, data }) => ({ step, kind, data })),
        next: (rows.at(-1)?.n ?? -1) + 1,
      };
    },
    erase(seq) {
      forget.run(seq);
      remove.run(seq);
    },
  };
}

export function isIntact(row: MessageRow): boolean {
  return messageChecksum(row) === row.crc;
}
