import { stat, statfs } from 'node:fs/promises';
import { fit, silentLogger, type Delivery, type Entry } from '@falco-talon/core';
import { schemaProblems, testScope } from '@falco-talon/testkit';
import { drainQueue, queueMessage } from '@falco-talon/testkit/queue';
import { afterAll, describe, expect, it, vi } from 'vitest';
import plugin from './index.ts';
import { directories, fileIn, openIn } from './spec/queue-files.ts';
import { sqlite } from './sqlite-driver.ts';
import { CALL_LIMIT, withinLimit } from './time-limit.ts';

const { make, clean } = directories();
afterAll(clean);

describe('limits', () => {
  it('refuses more messages than it may hold, as a whole, until one is done', async () => {
    const queue = await openIn(await make(), { maxMessages: 3 });
    await queue.publish([queueMessage('1'), queueMessage('2')]);
    const full = { code: 'queue_full', retryable: true, message: expect.stringContaining('queue.sqlite.max_messages') };
    await expect(queue.publish([queueMessage('3'), queueMessage('4')])).rejects.toMatchObject(full);
    const both = await Promise.allSettled([queue.publish([queueMessage('3')]), queue.publish([queueMessage('4')])]);
    expect(both).toMatchObject([{ status: 'fulfilled' }, { status: 'rejected', reason: full }]);
    await drainQueue(queue, 1);
    expect(await queue.publish([queueMessage('5')])).toEqual(['accepted']);
    await queue.close();
  });

  it('keeps its file within its size: new events are refused, those inside are worked off', async () => {
    const directory = await make();
    const queue = await openIn(directory, { maxBytes: 400_000 });
    const full = {
      code: 'disk',
      retryable: true,
      message: expect.stringContaining('queue.sqlite.max_megabytes'),
    };
    const publish = (id: string) => queue.publish([queueMessage(id, { body: new Uint8Array(3000) })]);
    let stored = 0;
    await expect(
      (async () => {
        for (;;) await publish(`${stored++}`);
      })(),
    ).rejects.toMatchObject(full);
    await expect(queue.ready()).rejects.toMatchObject(full);
    const { pending } = await queue.depth();
    expect(pending).toBe(stored - 1);
    // Room enough for the journal of what is inside.
    const found = await drainQueue(queue, pending, async (delivery) => {
      await delivery.append([{ step: 's', kind: 'plan', data: 'x'.repeat(500) }]);
      await delivery.settle({ kind: 'done' });
    });
    expect(found).toHaveLength(pending);
    await queue.ready();
    expect(await publish('more')).toEqual(['accepted']);
    await queue.close();
    expect((await stat(fileIn(directory))).size).toBeLessThanOrEqual(400_000);
  });

  it('fails an entry too large for the file alone; what shares its transaction is stored', async () => {
    const queue = await openIn(await make(), { maxBytes: 400_000 });
    await queue.publish([queueMessage('1')]);
    let delivery: Delivery | undefined;
    await drainQueue(queue, 1, async (given) => {
      delivery = given;
    });
    const [large, other] = await Promise.allSettled([
      delivery?.append([{ step: 's', kind: 'plan', data: 'x'.repeat(1_000_000) }]),
      queue.publish([queueMessage('2')]),
    ]);
    expect(large).toMatchObject({ status: 'rejected', reason: { code: 'disk', retryable: true } });
    expect(other).toMatchObject({ status: 'fulfilled', value: ['accepted'] });
    await delivery?.settle({ kind: 'done' });
    expect(await queue.depth()).toMatchObject({ pending: 1, dead: 0 });
    await queue.close();
  });

  it('an entry that could not be stored does not cost a later one', async () => {
    const queue = await openIn(await make(), { maxBytes: 400_000 });
    await queue.publish([queueMessage('1')]);
    const entry = (data: string): Entry => ({ step: 's', kind: 'result', data });
    const refused: unknown[] = [];
    const [, , third] = await drainQueue(queue, 3, async (delivery) => {
      if (delivery.attempt === 1)
        await delivery.append([entry('x'.repeat(1_000_000))]).catch((error) => refused.push(error));
      if (delivery.attempt < 3) await delivery.append([entry(`of attempt ${delivery.attempt}`)]);
      await delivery.settle(delivery.attempt < 3 ? { kind: 'later', at: 0, reason: 'again' } : { kind: 'done' });
    });
    expect(refused).toMatchObject([{ code: 'disk' }]);
    expect(third?.journal).toEqual([entry('of attempt 1'), entry('of attempt 2')]);
    await queue.close();
  });

  it('keeps the newest dead messages', async () => {
    const directory = await make();
    const queue = await openIn(directory, { maxDead: 2 });
    await queue.publish(['1', '2', '3', '4'].map((id) => queueMessage(id)));
    await drainQueue(queue, 4, (delivery) => delivery.settle({ kind: 'dead', reason: 'poison' }));
    expect(await queue.depth()).toMatchObject({ pending: 0, dead: 2 });
    await queue.close();
  });

  it('keeps dead letters within their size, the oldest go first; what waits is never among them', async () => {
    const { logger, lines } = testScope();
    const queue = await openIn(await make(), { maxDeadBytes: 40_000, logger });
    const large = (id: string) => queueMessage(id, { body: new Uint8Array(10_000) });
    await queue.publish(['1', '2', '3', '4', '5'].map(large));
    await drainQueue(queue, 5, async (delivery) => {
      await delivery.append([{ step: 's', kind: 'plan', data: 'x'.repeat(2000) }]);
      if (delivery.message.id !== '1') await delivery.settle({ kind: 'dead', reason: 'poison' });
    });
    expect((await queue.deadLetters!.list({ limit: 10 })).map(({ id }) => id)).toEqual(['3', '4', '5']);
    expect(await queue.depth()).toMatchObject({ pending: 1, dead: 3, discarded: 1, expired: 0 });
    // One that is larger than all may be together rests alone.
    await queue.publish([queueMessage('6', { body: new Uint8Array(50_000) })]);
    await drainQueue(queue, 1, (delivery) => delivery.settle({ kind: 'dead', reason: 'poison' }));
    expect((await queue.deadLetters!.list({ limit: 10 })).map(({ id }) => id)).toEqual(['6']);
    await queue.close();
    expect(lines).toMatchObject([{ level: 'warn', fields: { count: 4, max_dead: 100 } }]);
  });

  it('refuses to put more back in line than it may hold, and leaves them where they are', async () => {
    const queue = await openIn(await make(), { maxMessages: 3 });
    await queue.publish(['1', '2', '3'].map((id) => queueMessage(id)));
    await drainQueue(queue, 3, (delivery) => delivery.settle({ kind: 'dead', reason: 'poison' }));
    await queue.publish([queueMessage('4')]);
    const full = { code: 'queue_full', retryable: true };
    await expect(queue.deadLetters!.retry(['1', '2', '3'])).rejects.toMatchObject(full);
    expect(await queue.depth()).toMatchObject({ pending: 1, dead: 3 });
    expect(await queue.deadLetters!.retry(['1', '2'])).toEqual(['1', '2']);
    expect(await queue.depth()).toMatchObject({ pending: 3, dead: 1 });
    await queue.close();
  });

  it('says what it takes, what it may take and what is left', async () => {
    const directory = await make();
    const queue = await openIn(directory, { maxBytes: 10_000_000 });
    const { bytes: empty } = await queue.depth();
    await queue.publish([queueMessage('1', { body: new Uint8Array(100_000) })]);
    const { bytes, limitBytes, freeBytes } = await queue.depth();
    expect(bytes! - empty!).toBeGreaterThan(90_000);
    expect(limitBytes).toBe(10_000_000);
    const { bavail, bsize } = await statfs(directory);
    expect(Math.abs(freeBytes! - bavail * bsize)).toBeLessThan(2 ** 30);
    await queue.close();
  });

  it('tells the caller when the disk does not answer', async () => {
    vi.useFakeTimers();
    try {
      const outcome = withinLimit(new Promise(() => {})).catch((error: unknown) => error);
      await vi.advanceTimersByTimeAsync(CALL_LIMIT);
      expect(await outcome).toMatchObject({ code: 'disk', retryable: true });
      await expect(withinLimit(Promise.resolve(1))).resolves.toBe(1);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('driver', () => {
  it('is the only part of the plugin; its settings are strict and described', () => {
    expect(plugin.queues).toEqual([sqlite]);
    expect(sqlite).toMatchObject({ kind: 'queue', apiVersion: 1, name: 'sqlite', durable: true });
    expect(schemaProblems(sqlite.settings)).toEqual([]);
    expect(fit(sqlite.settings, { path: '' }).issues).not.toEqual([]);
  });

  it('opens its file in the directory it is given, with defaults', async () => {
    const directory = await make();
    const { value: settings, issues } = fit(sqlite.settings, {});
    expect(issues).toEqual([]);
    const queue = await sqlite.open({
      settings,
      directory,
      signal: new AbortController().signal,
      logger: silentLogger,
      now: Date.now,
      span: (_, work) => work(),
    });
    await queue.publish([queueMessage('1')]);
    expect((await stat(fileIn(directory))).isFile()).toBe(true);
    await queue.close();
  });
});
