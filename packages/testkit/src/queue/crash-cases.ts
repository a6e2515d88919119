import { describe, expect, it } from 'vitest';
import { ids, message, messages, queueHarness, settleDone, type QueueSuiteOptions } from './queue-harness.ts';

/** For durable queues: what the next process finds. */
export function crashCases(options: QueueSuiteOptions): void {
  const { openTwice, consume } = queueHarness(options);

  describe('after a crash', () => {
    it('has every accepted message, in order, and none that is done', async () => {
      const { queue, reopen } = await openTwice();
      await queue.publish(messages(5));
      const running = consume(queue, async (delivery) => {
        if (delivery.message.id === 'm1') await settleDone(delivery);
        if (delivery.message.id === 'm2') await delivery.settle({ kind: 'dead', reason: 'poison' });
      });
      await running.seen(5);
      await running.stop();
      const again = await reopen();
      expect(await again.depth()).toMatchObject({ pending: 3, dead: 1 });
      const found = await consume(again, settleDone).seen(3);
      expect(ids(found)).toEqual(['m0', 'm3', 'm4']);
    });

    it('has counted the attempts and kept the journal', async () => {
      const { queue, reopen } = await openTwice();
      await queue.publish([message('m'), message('never', { key: 'b', notBefore: Date.now() + 3_600_000 })]);
      const entries = [
        { step: 's', kind: 'intent', data: { uid: 'u' } },
        { step: 's', kind: 'result', data: 'done' },
      ] as const;
      const running = consume(queue, (delivery) => delivery.append(entries));
      await running.seen(1);
      await running.stop();
      const again = await reopen();
      const [found] = await consume(again, settleDone).seen(1);
      expect(found?.message.id).toBe('m');
      expect(found?.attempt).toBe(2);
      expect(found?.journal).toEqual(entries);
    });

    it('still knows the time a message was put off to', async () => {
      const { queue, reopen } = await openTwice();
      await queue.publish([message('put off'), message('now')]);
      const at = Date.now() + 3_600_000;
      const running = consume(queue, async (delivery) => {
        if (delivery.message.id === 'put off') await delivery.settle({ kind: 'later', at, reason: 'busy' });
      });
      await running.seen(2);
      await running.stop();
      const again = await reopen();
      const next = consume(again, settleDone);
      await next.seen(1);
      await next.stop();
      expect(ids(next.deliveries)).toEqual(['now']);
      expect(await again.depth()).toMatchObject({ pending: 1, dead: 0 });
    });

    it('still knows duplicates', async () => {
      const { queue, reopen } = await openTwice();
      const once = message('m', { dedup: { key: 'x', window: 60_000 } });
      await queue.publish([once]);
      expect(await (await reopen()).publish([once, message('n')])).toEqual(['duplicate', 'accepted']);
    });
  });
}
