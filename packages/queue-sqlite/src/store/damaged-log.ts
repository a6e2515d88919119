import { copyFileSync, statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { lostFrames } from './lost-frames.ts';
import { lastNumber, skipNumbers } from './numbers.ts';

export interface DamagedLog {
  readonly frames: number;
  /** The copy. */
  readonly kept: string;
}

/** Why a message was set aside whose log is lost. Its row and what is there of its journal are sound. */
const REASON =
  "what was done about it may be lost, since the queue's log was damaged: " +
  'see whether its actions took place, then put it back in line (retry) or drop it';

/**
 * SQLite reads its log up to the first frame that does not match its checksum, says nothing, and overwrites the rest. It is
 * kept, under the same name however often the start is tried.
 */
export function keepDamagedLog(path: string): DamagedLog | undefined {
  const log = `${path}-wal`;
  const frames = lostFrames(log);
  if (frames === 0) return undefined;
  const kept = `${path}.corrupt-${statSync(log).mtime.toISOString().replaceAll(':', '-')}-wal`;
  copyFileSync(log, kept);
  return { frames, kept };
}

/**
 * All that waits was stored before the damage; each of it may have been handled, and deleted, in what is lost behind it. What
 * rests already may have been put back in line. Answers how many were set aside.
 * @param now milliseconds since the epoch
 */
export function setWaitingAside(db: DatabaseSync, now: number): number {
  db.prepare(
    "UPDATE messages SET reason = reason || '; ' || ?1 WHERE state <> 'waiting' AND instr(reason, ?1) = 0",
  ).run(REASON);
  const { changes } = db
    .prepare("UPDATE messages SET state = 'corrupt', ended = ?, reason = ? WHERE state = 'waiting'")
    .run(now, REASON);
  return Number(changes);
}

/**
 * Draws the consequences and empties the log: SQLite would write on behind its last good frame, and what is lost would be
 * found again, behind what is new and sound, by the start after a crash. Answers how many were set aside.
 */
export function giveUpLog(db: DatabaseSync, now: number): number {
  db.exec('BEGIN IMMEDIATE');
  const count = setWaitingAside(db, now);
  skipNumbers(db, lastNumber(db) ?? 0, now);
  db.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)');
  return count;
}
