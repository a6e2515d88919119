import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { Answer, Group, Request, StoreOptions, StoreState, WaitingMessage } from '../protocol.ts';
import { Full, type CallTable } from './call-table.ts';
import { openDeadBox } from './dead-box.ts';
import { deadLetterCalls } from './dead-letters.ts';
import { openDedup } from './dedup.ts';
import { loadCalls } from './load.ts';
import { publishCall } from './publish.ts';
import { openRows } from './rows.ts';
import { settleCalls } from './settle.ts';
import { sizeLimit } from './size-limit.ts';
import { isDamage, RESULT, resultCode } from './sqlite-error.ts';

export interface Store {
  /** Runs the requests in one transaction; what cannot be stored fails alone. */
  run(group: Group): Answer[];
  waiting(): WaitingMessage[];
  state(): StoreState;
}

/** @param damaged messages that were set aside when it was opened */
export function createStore(db: DatabaseSync, options: StoreOptions, damaged = 0): Store {
  const dedup = openDedup(db, options.now);
  const rows = openRows(db);
  const box = openDeadBox(db, options, { rows, damaged });
  const { refuseWhenFull, usedBytes } = sizeLimit(db);
  let freeBytes = freeOn(options.path);
  const calls: CallTable = {
    publish: publishCall(rows, dedup, refuseWhenFull),
    ...loadCalls(db, rows, box),
    ...settleCalls(db, { rows, box, dedup, refuseWhenFull }),
    ...deadLetterCalls(db, box.index, rows),
  };
  const waiting = db.prepare(
    "SELECT seq, key, not_before AS notBefore FROM messages WHERE state = 'waiting' ORDER BY seq",
  );

  function run(group: Group): Answer[] {
    const answers = answered(group);
    if (group.requests.some(({ name }) => name === 'sweep' || name === 'probe')) freeBytes = freeOn(options.path);
    return answers;
  }

  function answered(group: Group): Answer[] {
    try {
      const answers = transaction(db, () =>
        group.requests.map((request) => ({ value: dispatch(calls, request, group.now) })),
      );
      dedup.commit();
      box.index.commit();
      return answers;
    } catch (error) {
      dedup.rollback();
      box.index.rollback();
      const [request] = group.requests;
      if (group.requests.length === 1 && request) return [failure(error)];
      // One of them cannot be stored: each gets its own answer.
      return group.requests.flatMap((single) => answered({ now: group.now, requests: [single] }));
    }
  }

  return {
    run,
    waiting: () => waiting.all() as unknown as WaitingMessage[],
    state: () => ({ dead: box.index.count(), bytes: usedBytes(), freeBytes, ...box.counts() }),
  };
}

/** Infinity where the system does not say. */
function freeOn(path: string): number {
  try {
    const { bavail, bsize } = statfsSync(dirname(path));
    return bavail * bsize;
  } catch {
    return Infinity;
  }
}

function dispatch(calls: CallTable, request: Request, now: number): unknown {
  const call = calls[request.name] as (input: unknown, now: number) => unknown;
  return call(request.input, now);
}

function transaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    // SQLite rolls back by itself after some errors, https://sqlite.org/lang_transaction.html
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

const DISK_FAULTS = new Set<number>([RESULT.readOnly, RESULT.io, RESULT.cannotOpen]);

function failure(error: unknown): Answer {
  if (error instanceof Full) return { failed: 'disk', message: error.message };
  const text = error instanceof Error ? error.message : String(error);
  if (resultCode(error) === RESULT.full) {
    return { failed: 'disk', message: `The disk, or the size allowed to the queue, is full: ${text}.` };
  }
  if (isDamage(error)) return { failed: 'queue_failed', message: `The queue's file is damaged: ${text}.` };
  const ofDisk = DISK_FAULTS.has(resultCode(error) ?? 0);
  return { failed: ofDisk ? 'disk' : 'queue_failed', message: `The queue's file cannot be written: ${text}.` };
}
