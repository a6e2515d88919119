import { fit, silentLogger, type Message, type Queue } from '@falco-talon/core';
import { testQueue } from '@falco-talon/testkit';
import { describe, expect, it } from 'vitest';
import { memoryQueue, openMemoryQueue } from './memory-queue.ts';

function open(maxMessages = 20_000): Queue {
  return openMemoryQueue({ maxMessages, now: Date.now, logger: silentLogger });
}

testQueue('memory', {
  durable: false,
  open: async () => ({ queue: open(), reopen: () => Promise.reject(new Error('nothing survives')) }),
});

function message(id: string): Message {
  return { id, kind: 'event', key: 'a', headers: {}, body: new Uint8Array(0) };
}

/** Settles the first `count` messages. */
async function settle(queue: Queue, count: number, kind: 'done' | 'dead'): Promise<void> {
  const abort = new AbortController();
  let left = count;
  await queue.consume(
    async (delivery) => {
      await delivery.settle(kind === 'done' ? { kind } : { kind, reason: 'poison' });
      if (--left === 0) abort.abort();
    },
    { inFlight: 1, perKey: 1, signal: abort.signal },
  );
}

describe('memory queue', () => {
  it('refuses more messages than it may hold, as a whole, until one is done', async () => {
    const queue = open(3);
    await queue.publish([message('1'), message('2')]);
    const full = { code: 'queue_full', retryable: true, message: expect.stringContaining('queue.memory.max_messages') };
    await expect(queue.publish([message('3'), message('4')])).rejects.toMatchObject(full);
    expect(await queue.depth()).toEqual({ pending: 2, dead: 0 });
    await queue.publish([message('3')]);
    await expect(queue.publish([message('4')])).rejects.toMatchObject(full);
    await settle(queue, 1, 'done');
    expect(await queue.publish([message('4')])).toEqual(['accepted']);
  });

  it('bounds what it counts as dead', async () => {
    const queue = open();
    await queue.publish(Array.from({ length: 1010 }, (_, index) => message(`${index}`)));
    await settle(queue, 1010, 'dead');
    expect(await queue.depth()).toEqual({ pending: 0, dead: 1000 });
  });

  it('is a driver with defaults', async () => {
    const { value: settings, issues } = fit(memoryQueue.settings, {});
    expect({ settings, issues }).toEqual({ settings: { max_messages: 10_000 }, issues: [] });
    const queue = await memoryQueue.open({
      settings,
      directory: '/nonexistent',
      signal: new AbortController().signal,
      logger: silentLogger,
      now: Date.now,
      span: (_, work) => work(),
    });
    expect(await queue.publish([message('1')])).toEqual(['accepted']);
    await queue.close();
  });
});
