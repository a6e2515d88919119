import type { DatabaseSync } from 'node:sqlite';
import { Full } from './call-table.ts';

/** Part of the file that publishing leaves free, so that what is inside can always be worked off. */
const RESERVE = 0.1;

/** Answers a function that throws `Full` when nothing new may come in. */
export function sizeLimit(db: DatabaseSync): () => void {
  const pages = db.prepare(
    'SELECT p.page_count - f.freelist_count AS used, m.max_page_count AS most ' +
      'FROM pragma_page_count p, pragma_freelist_count f, pragma_max_page_count m',
  );
  return () => {
    const { used, most } = pages.get() as { used: number; most: number };
    if (used <= most * (1 - RESERVE)) return;
    throw new Full('The queue has reached its size on disk (queue.sqlite.max_megabytes).');
  };
}
