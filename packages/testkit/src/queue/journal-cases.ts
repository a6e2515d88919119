import { describe, expect, it } from 'vitest';
import type { Delivery, Entry } from '@falco-talon/core';
import { message, queueHarness, settleDone, type QueueSuiteOptions } from './queue-harness.ts';

const PLAN: Entry = {
  step: 'e',
  kind: 'plan',
  data: { steps: ['e/r/a/0'], odd: { ['__proto__']: 1, text: 'ü"\u0000' } },
};
const INTENT: Entry = { step: 'e/r/a/0', kind: 'intent', data: null };
const RESULT: Entry = { step: 'e/r/a/0', kind: 'result', data: [1.5, 'ok', true, null] };

export function journalCases(options: QueueSuiteOptions): void {
  const { open, consume } = queueHarness(options);

  describe('journal', () => {
    it('shows what was appended at the next delivery, in order', async () => {
      const queue = await open();
      await queue.publish([message('m'), message('other', { key: 'b' })]);
      const running = consume(queue, async (delivery) => {
        if (delivery.message.id === 'other' || delivery.attempt === 3) return settleDone(delivery);
        if (delivery.attempt === 1) {
          await delivery.append([PLAN]);
          await delivery.append([]);
          await Promise.all([delivery.append([INTENT]), delivery.append([RESULT])]);
        } else {
          await delivery.append([{ step: 's', kind: 'notified', data: 2 }]);
        }
        await delivery.settle({ kind: 'later', at: 0, reason: 'again' });
      });
      const found = (await running.seen(4)).filter((delivery) => delivery.message.id === 'm');
      expect(found.map(({ journal }) => journal)).toEqual([
        [],
        [PLAN, INTENT, RESULT],
        [PLAN, INTENT, RESULT, { step: 's', kind: 'notified', data: 2 }],
      ]);
    });

    it('accepts entries after the handler has returned', async () => {
      const queue = await open();
      await queue.publish([message('m')]);
      const running = consume(queue, () => {});
      const [first] = await running.seen(1);
      await first?.append([INTENT]);
      await first?.settle({ kind: 'later', at: 0, reason: 'again' });
      const [, second] = await running.seen(2);
      expect(second?.journal).toEqual([INTENT]);
      await second?.settle({ kind: 'done' });
    });

    it('takes no entries and no second end after settle', async () => {
      const queue = await open();
      await queue.publish([message('m')]);
      let delivery: Delivery | undefined;
      const running = consume(queue, async (given) => {
        delivery = given;
        await settleDone(given);
      });
      await running.seen(1);
      await running.stop();
      await expect(delivery?.append([INTENT])).rejects.toMatchObject({ kind: 'talon-error', code: 'queue_failed' });
      await expect(delivery?.settle({ kind: 'done' })).rejects.toMatchObject({ code: 'queue_failed' });
      expect(() => delivery?.keepAlive()).not.toThrow();
    });

    it('refuses entries that are not JSON and loses nothing by it', async () => {
      const queue = await open();
      await queue.publish([message('m')]);
      const circle: unknown[] = [];
      circle.push(circle);
      const running = consume(queue, async (delivery) => {
        if (delivery.attempt === 2) return settleDone(delivery);
        await expect(delivery.append([INTENT, { ...RESULT, data: circle }])).rejects.toMatchObject({
          code: 'queue_failed',
          retryable: false,
        });
        await delivery.append([RESULT]);
        await delivery.settle({ kind: 'later', at: 0, reason: 'again' });
      });
      const [, second] = await running.seen(2);
      expect(second?.journal).toEqual([RESULT]);
    });
  });
}
