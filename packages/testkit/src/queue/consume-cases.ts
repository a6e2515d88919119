import { describe, expect, it } from 'vitest';
import type { Delivery } from '@falco-talon/core';
import { gate, ids, message, messages, queueHarness, settleDone, type QueueSuiteOptions } from './queue-harness.ts';

export function consumeCases(options: QueueSuiteOptions): void {
  const { open, consume } = queueHarness(options);

  describe('consume', () => {
    it('delivers what was there and what comes later', async () => {
      const queue = await open();
      await queue.publish([message('1')]);
      const running = consume(queue, settleDone);
      await running.seen(1);
      await queue.publish([message('2')]);
      const found = await running.seen(2);
      expect(ids(found)).toEqual(['1', '2']);
      expect(found.map(({ attempt, journal }) => ({ attempt, journal }))).toEqual([
        { attempt: 1, journal: [] },
        { attempt: 1, journal: [] },
      ]);
    });

    it('runs no more handlers of a key than perKey, and a busy key holds up no other', async () => {
      const queue = await open();
      const held = gate();
      await queue.publish([...messages(50, () => ({ key: 'busy' })), message('free', { key: 'free' })]);
      const counts = counter((delivery) => delivery.message.key);
      const running = consume(
        queue,
        async (delivery) => {
          counts.enter(delivery);
          if (delivery.message.key === 'busy') await held.opened;
          await settleDone(delivery);
          counts.leave(delivery);
        },
        { perKey: 3 },
      );
      expect(ids(await running.seen(4)).toSorted()).toEqual(['free', 'm0', 'm1', 'm2']);
      held.open();
      const found = await running.seen(51);
      await running.stop();
      expect(counts.most('busy')).toBe(3);
      expect(ids(found).filter((id) => id !== 'free')).toEqual(ids50());
    });

    it('runs no more handlers than inFlight', async () => {
      const queue = await open();
      await queue.publish(messages(200, (index) => ({ key: `k${index}` })));
      const counts = counter(() => 'all');
      const running = consume(
        queue,
        async (delivery) => {
          counts.enter(delivery);
          await new Promise((resolve) => setImmediate(resolve));
          await settleDone(delivery);
          counts.leave(delivery);
        },
        { inFlight: 7, perKey: 5 },
      );
      await running.seen(200);
      await running.stop();
      expect(counts.most('all')).toBe(7);
    });

    it('frees the place of a handler that returns; settle may come later', async () => {
      const queue = await open();
      await queue.publish(messages(3));
      const running = consume(queue, () => {}, { inFlight: 1 });
      // The order shows that the first is not delivered again: it would come before the second.
      const found = await running.seen(3);
      expect(ids(found)).toEqual(['m0', 'm1', 'm2']);
      expect(await queue.depth()).toMatchObject({ pending: 3, dead: 0 });
      await running.stop();
      for (const delivery of found) await settleDone(delivery);
      expect(await queue.depth()).toMatchObject({ pending: 0, dead: 0 });
    });

    it('delivers again, after a while and counted, what a handler rejected', async () => {
      const queue = await open();
      await queue.publish([message('bad'), message('good', { key: 'b' })]);
      const running = consume(queue, (delivery) => {
        if (delivery.message.id === 'bad' && delivery.attempt < 3) throw new Error('not today');
        return settleDone(delivery);
      });
      const found = (await running.seen(4)).filter((delivery) => delivery.message.id === 'bad');
      expect(found.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
      await running.stop();
      expect(await queue.depth()).toMatchObject({ pending: 0, dead: 0 });
    });

    it('lets an end stand that was settled before the handler rejected', async () => {
      const queue = await open();
      await queue.publish([message('m')]);
      const running = consume(queue, async (delivery) => {
        await settleDone(delivery);
        throw new Error('too late');
      });
      await running.seen(1);
      await running.stop();
      expect(await queue.depth()).toMatchObject({ pending: 0, dead: 0 });
    });

    it('delivers a message put off not before its time', async () => {
      const queue = await open();
      await queue.publish([message('m')]);
      const at = Date.now() + 100;
      let again = 0;
      const running = consume(queue, async (delivery) => {
        if (delivery.attempt === 1) return delivery.settle({ kind: 'later', at, reason: 'busy' });
        again = Date.now();
        await settleDone(delivery);
      });
      const found = await running.seen(2);
      expect(found.map(({ attempt }) => attempt)).toEqual([1, 2]);
      expect(again).toBeGreaterThanOrEqual(at);
    });

    it('delivers others while a message is put off', async () => {
      const queue = await open();
      await queue.publish(messages(3));
      const running = consume(queue, (delivery) =>
        delivery.settle(
          delivery.message.id === 'm0'
            ? { kind: 'later', at: Date.now() + 3_600_000, reason: 'busy' }
            : { kind: 'done' },
        ),
      );
      expect(ids(await running.seen(3))).toEqual(['m0', 'm1', 'm2']);
      await running.stop();
      expect(await queue.depth()).toMatchObject({ pending: 1, dead: 0 });
    });

    it('gives a message put off to no second handler while the first one runs', async () => {
      const queue = await open();
      await queue.publish([message('m')]);
      const counts = counter(() => 'm');
      const running = consume(
        queue,
        async (delivery) => {
          counts.enter(delivery);
          if (delivery.attempt === 1) await delivery.settle({ kind: 'later', at: 0, reason: 'at once' });
          await queue.ready();
          await queue.ready();
          if (delivery.attempt > 1) await settleDone(delivery);
          counts.leave(delivery);
        },
        { perKey: 2 },
      );
      await running.seen(2);
      await running.stop();
      expect(counts.most('m')).toBe(1);
    });

    it('delivers a message not before its notBefore', async () => {
      const queue = await open();
      const at = Date.now() + 100;
      await queue.publish([message('m', { notBefore: at })]);
      let started = 0;
      const running = consume(queue, async (delivery) => {
        started = Date.now();
        await settleDone(delivery);
      });
      await running.seen(1);
      expect(started).toBeGreaterThanOrEqual(at);
    });

    it('does not let one that is not due hold up others of its key', async () => {
      const queue = await open();
      const late = message('late', { notBefore: Date.now() + 3_600_000 });
      await queue.publish([late, message('now'), message('past', { notBefore: 1 })]);
      const running = consume(queue, settleDone);
      expect(ids(await running.seen(2))).toEqual(['now', 'past']);
      await running.stop();
      expect(await queue.depth()).toMatchObject({ pending: 1, dead: 0 });
    });

    it('sets a dead message aside and counts it', async () => {
      const queue = await open();
      await queue.publish(messages(2));
      const running = consume(queue, (delivery) =>
        delivery.settle(delivery.message.id === 'm0' ? { kind: 'dead', reason: 'poison' } : { kind: 'done' }),
      );
      await running.seen(2);
      await running.stop();
      expect(await queue.depth()).toMatchObject({ pending: 0, dead: 1 });
    });

    it('starts nothing after the abort and resolves when the handlers have returned', async () => {
      const queue = await open();
      await queue.publish(messages(5));
      const held = gate();
      const running = consume(queue, async (delivery) => {
        await held.opened;
        await settleDone(delivery);
      });
      await running.seen(1);
      let stopped = false;
      const stopping = running.stop().then(() => (stopped = true));
      await queue.ready();
      expect(stopped).toBe(false);
      held.open();
      await stopping;
      expect(ids(running.deliveries)).toEqual(['m0']);
      expect(await queue.depth()).toMatchObject({ pending: 4, dead: 0 });
      const next = consume(queue, settleDone);
      const found = await next.seen(4);
      expect(found.map(({ message: { id }, attempt }) => [id, attempt])).toEqual(
        [1, 2, 3, 4].map((number) => [`m${number}`, 1]),
      );
    });

    it('counts no attempt when it is aborted before the handler was started', async () => {
      const queue = await open();
      await queue.publish([message('m')]);
      const running = consume(queue, () => {});
      await running.stop();
      expect(running.deliveries).toEqual([]);
      const [found] = await consume(queue, settleDone).seen(1);
      expect(found?.attempt).toBe(1);
    });

    it('resolves at once when it is aborted already', async () => {
      const queue = await open();
      await queue.publish([message('m')]);
      await queue.consume(() => Promise.reject(new Error('must not run')), {
        inFlight: 1,
        perKey: 1,
        signal: AbortSignal.abort(),
      });
      expect(await queue.depth()).toMatchObject({ pending: 1, dead: 0 });
    });

    it('has one consumer at a time', async () => {
      const queue = await open();
      consume(queue, settleDone);
      const second = queue.consume(settleDone, { inFlight: 1, perKey: 1, signal: new AbortController().signal });
      await expect(second).rejects.toMatchObject({ code: 'queue_failed' });
    });
  });
}

function ids50(): string[] {
  return Array.from({ length: 50 }, (_, index) => `m${index}`);
}

/** How many run at a time, per name. */
function counter(nameOf: (delivery: Delivery) => string) {
  const now = new Map<string, number>();
  const most = new Map<string, number>();
  return {
    enter(delivery: Delivery): void {
      const name = nameOf(delivery);
      const count = (now.get(name) ?? 0) + 1;
      now.set(name, count);
      most.set(name, Math.max(most.get(name) ?? 0, count));
    },
    leave(delivery: Delivery): void {
      now.set(nameOf(delivery), (now.get(nameOf(delivery)) ?? 0) - 1);
    },
    most: (name: string) => most.get(name) ?? 0,
  };
}
