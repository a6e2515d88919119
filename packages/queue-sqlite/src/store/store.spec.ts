import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Answer, Request, StoreOptions, WireMessage } from '../protocol.ts';
import { openDatabase } from './open-database.ts';
import { createStore, type Store } from './store.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 1);

let directory: string;
let db: DatabaseSync;
let store: Store;

function reopen(now: number): void {
  const path = join(directory, 'queue.sqlite');
  const options: StoreOptions = {
    path,
    maxBytes: 2 ** 26,
    maxDead: 10,
    maxDeadBytes: 2 ** 20,
    deadRetention: HOUR,
    now,
  };
  db = openDatabase(options).db;
  store = createStore(db, options);
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'queue-sqlite-store-'));
  reopen(START);
});
afterEach(() => {
  db.close();
  rmSync(directory, { recursive: true });
});

function wire(id: string, changes: Partial<WireMessage> = {}): WireMessage {
  return {
    id,
    kind: 'event',
    key: 'a',
    notBefore: null,
    dedup: null,
    headers: '{}',
    body: Buffer.from(id),
    journal: [],
    claimed: false,
    ...changes,
  };
}

function run(now: number, ...requests: Request[]): readonly Answer[] {
  return store.run({ now, requests });
}

function publishOnce(now: number, key: string, window: number): boolean {
  const [answer] = run(now, { name: 'publish', input: [wire('m', { dedup: { key, window } })] });
  return JSON.stringify(answer) !== '{"value":[null]}';
}

function rows(table: string): number {
  return Number(db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n']);
}

describe('dedup', () => {
  it('holds for the window and not a millisecond longer', () => {
    expect(publishOnce(START, 'x', 5000)).toBe(true);
    expect(publishOnce(START + 4999, 'x', 5000)).toBe(false);
    expect(publishOnce(START + 5000, 'x', 5000)).toBe(true);
    expect(publishOnce(START + 9999, 'x', 5000)).toBe(false);
  });

  it('never sticks when the clock is set back', () => {
    expect(publishOnce(START, 'x', 5000)).toBe(true);
    expect(publishOnce(START - 24 * HOUR, 'x', 5000)).toBe(true);
    expect(publishOnce(START - 24 * HOUR + 1, 'x', 5000)).toBe(false);
  });

  it('is forgotten when its transaction fails', () => {
    const input = [
      wire('m', { dedup: { key: 'x', window: 5000 } }),
      wire('bad', { headers: null as unknown as string }),
    ];
    expect(run(START, { name: 'publish', input })).toMatchObject([{ failed: 'queue_failed' }]);
    expect(rows('messages')).toBe(0);
    expect(publishOnce(START, 'x', 5000)).toBe(true);
  });

  it('is known after a restart, and deleted when it has expired', () => {
    publishOnce(START, 'x', 5000);
    publishOnce(START + 1000, 'y', 5000);
    db.close();
    reopen(START + 2000);
    expect(publishOnce(START + 2000, 'x', 5000)).toBe(false);
    run(START + 5000, { name: 'sweep', input: null });
    expect(rows('dedup')).toBe(1);
    run(START + 6000, { name: 'sweep', input: null });
    expect(rows('dedup')).toBe(0);
  });
});

it('what was accepted by a clock that was ahead is deleted like what has expired', () => {
  publishOnce(START + 24 * HOUR, 'ahead', 5000);
  publishOnce(START, 'x', 5000);
  run(START + 4999, { name: 'sweep', input: null });
  expect(rows('dedup')).toBe(1);
  expect(publishOnce(START + 4999, 'x', 5000)).toBe(false);
  run(START + 5000, { name: 'sweep', input: null });
  expect(rows('dedup')).toBe(0);
});

describe('the file', () => {
  it('is flushed to the disk before a transaction counts', () => {
    expect(db.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
    // FULL, https://sqlite.org/pragma.html#pragma_synchronous
    expect(db.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 });
  });

  it('gives dead messages up after their time, with their journal', () => {
    run(START, { name: 'publish', input: [wire('1'), wire('2')] });
    const entry = { step: 's', kind: 'plan', data: '1' };
    run(START, { name: 'append', input: { seq: 1, from: 0, entries: [entry] } });
    run(START, { name: 'settle', input: { seq: 1, end: { kind: 'dead', reason: 'poison' } } });
    run(START + HOUR - 1, { name: 'sweep', input: null });
    expect([store.state().dead, rows('journal')]).toEqual([1, 1]);
    run(START + HOUR, { name: 'sweep', input: null });
    expect([store.state().dead, rows('journal'), rows('messages')]).toEqual([0, 0, 1]);
  });

  it('shrinks when the messages are done, and its log stays small', () => {
    const path = join(directory, 'queue.sqlite');
    const body = new Uint8Array(3000);
    for (let group = 0; group < 25; group++) {
      run(START, {
        name: 'publish',
        input: Array.from({ length: 100 }, (_, index) => wire(`${group}-${index}`, { body })),
      });
    }
    expect(statSync(`${path}-wal`).size).toBeLessThan(8_000_000);
    const full = statSync(path).size;
    run(
      START,
      ...store.waiting().map(({ seq }): Request => ({ name: 'settle', input: { seq, end: { kind: 'done' } } })),
    );
    for (let sweep = 0; sweep < 10; sweep++) run(START, { name: 'sweep', input: null });
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    expect(statSync(path).size).toBeLessThan(full / 10);
  });

  it('does not use a number again: a late settle cannot end another message', () => {
    run(START, { name: 'publish', input: [wire('1')] });
    run(START, { name: 'settle', input: { seq: 1, end: { kind: 'done' } } });
    expect(run(START, { name: 'publish', input: [wire('2')] })).toEqual([{ value: [2] }]);
  });
});
