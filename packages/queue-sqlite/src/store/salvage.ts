import { DatabaseSync, type SQLInputValue } from 'node:sqlite';

/**
 * Copies what can still be read of a damaged database: forward up to the first unreadable page, then backward up to the
 * last one. Rows are checked when they are delivered, like all others. Answers the number of messages copied.
 */
export function salvage(damaged: string, into: DatabaseSync): number {
  let from: DatabaseSync;
  try {
    from = new DatabaseSync(damaged, { readOnly: true });
  } catch {
    return 0;
  }
  let saved = 0;
  into.exec('BEGIN IMMEDIATE');
  for (const order of ['ASC', 'DESC']) {
    saved += copy(from, into, 'messages', `ORDER BY seq ${order}`);
    copy(from, into, 'journal', `ORDER BY seq ${order}, n ${order}`);
    copy(from, into, 'dedup', `ORDER BY n ${order}`);
  }
  into.exec('COMMIT');
  from.close();
  return saved;
}

function copy(from: DatabaseSync, into: DatabaseSync, table: string, order: string): number {
  let copied = 0;
  try {
    const columns = into
      .prepare(`SELECT name FROM pragma_table_info('${table}')`)
      .all()
      .map((row) => String(row['name']));
    const insert = into.prepare(
      `INSERT OR IGNORE INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
    );
    for (const row of from.prepare(`SELECT ${columns.join(', ')} FROM ${table} ${order}`).iterate()) {
      copied += Number(insert.run(...columns.map((name) => row[name] as SQLInputValue)).changes);
    }
  } catch {
    // The rest of the table cannot be read from this end.
  }
  return copied;
}
