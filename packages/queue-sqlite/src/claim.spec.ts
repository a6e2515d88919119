import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger, type Delivery, type Message, type Queue } from '@falco-talon/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteQueue } from './sqlite-queue.ts';

const message = (id: string, key: string): Message => ({ id, key, kind: 'event', headers: {}, body: Buffer.from(id) });

describe('a message stored while there is a place for its handler', () => {
  let directory: string;
  let queue: Queue;
  let consuming: AbortController;

  async function open(): Promise<void> {
    queue = await openSqliteQueue({
      path: join(directory, 'queue.sqlite'),
      maxMessages: 1000,
      maxBytes: 2 ** 26,
      maxDead: 10,
      maxDeadBytes: 2 ** 28,
      deadRetention: 3_600_000,
      now: Date.now,
      logger: silentLogger,
    });
  }
  beforeEach(async () => {
    consuming = new AbortController();
    directory = await mkdtemp(join(tmpdir(), 'queue-sqlite-claim-'));
    await open();
  });
  afterEach(async () => {
    consuming.abort();
    await queue.close();
    await rm(directory, { recursive: true });
  });

  function consume(inFlight: number, handle: (delivery: Delivery) => Promise<void>): Promise<void> {
    return queue.consume(handle, { inFlight, perKey: 2, signal: consuming.signal });
  }

  it('has its attempt counted before its handler starts, and its body whole', async () => {
    const seen = Promise.withResolvers<Delivery>();
    void consume(1, async (delivery) => seen.resolve(delivery));
    const buffer = Buffer.from('body');
    const published = queue.publish([{ ...message('m', 'k'), body: buffer }]);
    buffer.fill(0);
    await published;
    const { message: got, attempt } = await seen.promise;
    expect([attempt, Buffer.from(got.body).toString()]).toEqual([1, 'body']);

    await queue.close();
    await open();
    const again = Promise.withResolvers<Delivery>();
    void queue.consume(async (delivery) => again.resolve(delivery), {
      inFlight: 1,
      perKey: 1,
      signal: new AbortController().signal,
    });
    expect((await again.promise).attempt).toBe(2);
  });

  it('does not overtake one of its key that was stored when there was none', async () => {
    const order: string[] = [];
    const all = Promise.withResolvers<void>();
    const first = Promise.withResolvers<void>();
    void consume(1, async (delivery) => {
      order.push(delivery.message.id);
      if (delivery.message.id === 'first') await first.promise;
      await delivery.settle({ kind: 'done' });
      if (order.length === 4) all.resolve();
    });
    await queue.publish([message('first', 'other')]);
    // No place is left for `a1`; while it is being stored one becomes free, which `a2` must not take.
    const stored = [queue.publish([message('a1', 'a')])];
    first.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    stored.push(queue.publish([message('a2', 'a')]), queue.publish([message('a3', 'a')]));
    await Promise.all(stored);
    await all.promise;
    expect(order).toEqual(['first', 'a1', 'a2', 'a3']);
  });

  it('gives its place back when it is a duplicate', async () => {
    const seen: string[] = [];
    const third = Promise.withResolvers<void>();
    void consume(1, async (delivery) => {
      seen.push(delivery.message.id);
      await delivery.settle({ kind: 'done' });
      if (seen.length === 2) third.resolve();
    });
    const dedup = { key: 'same', window: 60_000 };
    expect(await queue.publish([{ ...message('one', 'k'), dedup }])).toEqual(['accepted']);
    expect(await queue.publish([{ ...message('two', 'k'), dedup }])).toEqual(['duplicate']);
    expect(await queue.publish([message('three', 'k')])).toEqual(['accepted']);
    await third.promise;
    expect(seen).toEqual(['one', 'three']);
  });
});
