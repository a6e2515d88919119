import type { DatabaseSync } from 'node:sqlite';
import { Full } from './call-table.ts';

/** Part of the file that publishing leaves free, so that what is inside can always be worked off. */
const RESERVE = 0.1;

export interface SizeLimit {
  /** @throws Full when nothing new may come in */
  readonly refuseWhenFull: () => void;
  readonly usedBytes: () => number;
}

export function sizeLimit(db: DatabaseSync): SizeLimit {
  const pages = db.prepare(
    'SELECT p.page_count - f.freelist_count AS used, m.max_page_count AS most, s.page_size AS size ' +
      'FROM pragma_page_count p, pragma_freelist_count f, pragma_max_page_count m, pragma_page_size s',
  );
  const read = () => pages.get() as { readonly used: number; readonly most: number; readonly size: number };
  return {
    refuseWhenFull() {
      const { used, most } = read();
      if (used <= most * (1 - RESERVE)) return;
      throw new Full('The queue has reached its size on disk (queue.sqlite.max_megabytes).');
    },
    usedBytes() {
      const { used, size } = read();
      return used * size;
    },
  };
}
