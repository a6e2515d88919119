import { describe, expect, it } from 'vitest';
import { ids, message, messages, queueHarness, settleDone, type QueueSuiteOptions } from './queue-harness.ts';

export function publishCases(options: QueueSuiteOptions): void {
  const { open, consume } = queueHarness(options);
  const many = options.many ?? 10_000;

  describe('publish', () => {
    it('answers for each message, and for none', async () => {
      const queue = await open();
      expect(await queue.publish(messages(3))).toEqual(['accepted', 'accepted', 'accepted']);
      expect(await queue.publish([])).toEqual([]);
      expect(await queue.depth()).toMatchObject({ pending: 3, dead: 0 });
    });

    it('gives back bodies byte for byte, headers and texts exactly', async () => {
      const queue = await open();
      const every = Uint8Array.from({ length: 256 }, (_, index) => index);
      const pool = new Uint8Array(10_000).fill(7);
      const texts = { traceparent: '00-ab-cd-01', empty: '', 'x"\\\u0000\n': 'ü \u{1f985} \ud800', ['__proto__']: 'p' };
      const sent = [
        message('binary', { body: every, headers: texts, kind: 'undo' }),
        message('empty', { body: new Uint8Array(0) }),
        message('slice', { body: pool.subarray(5000, 5003), key: 'a "key"\u0000\ud800\n' }),
        message('large', { body: new Uint8Array(300_000).fill(9), key: '' }),
      ];
      await queue.publish(sent);
      const found = await consume(queue, settleDone).seen(4);
      for (const { id, kind, key, headers, body } of sent) {
        const got = found.find((delivery) => delivery.message.id === id)?.message;
        expect({ kind: got?.kind, key: got?.key, headers: got?.headers }).toEqual({ kind, key, headers });
        expect(Buffer.from(got?.body ?? []).equals(body)).toBe(true);
      }
    });

    it('keeps its own copy of a body', async () => {
      const queue = await open();
      const body = Uint8Array.of(1, 2, 3);
      const published = queue.publish([message('m', { body })]);
      body.fill(0);
      await published;
      expect(body).toEqual(Uint8Array.of(0, 0, 0));
      const [delivery] = await consume(queue, settleDone).seen(1);
      expect([...(delivery?.message.body ?? [])]).toEqual([1, 2, 3]);
    });

    it('knows duplicates, also inside one batch', async () => {
      const queue = await open();
      const once = (id: string, key: string) => message(id, { dedup: { key, window: 60_000 } });
      expect(await queue.publish([once('1', 'x'), once('2', 'x'), once('3', 'y')])).toEqual([
        'accepted',
        'duplicate',
        'accepted',
      ]);
      expect(await queue.publish([once('4', 'y'), message('5')])).toEqual(['duplicate', 'accepted']);
      expect(ids(await consume(queue, settleDone).seen(3))).toEqual(['1', '3', '5']);
    });

    it('knows duplicates of a message that is done, until the window has passed', async () => {
      const queue = await open();
      const once = (id: string, window: number) => message(id, { dedup: { key: 'x', window } });
      await queue.publish([once('1', 60_000)]);
      const running = consume(queue, settleDone);
      await running.seen(1);
      expect(await queue.publish([once('2', 60_000)])).toEqual(['duplicate']);
      expect(await queue.publish([once('3', 0)])).toEqual(['accepted']);
      expect(ids(await running.seen(2))).toEqual(['1', '3']);
    });

    it('accepts one of many equal messages published at once', async () => {
      const queue = await open();
      const all = messages(50, () => ({ dedup: { key: 'x', window: 60_000 } }));
      const answers = await Promise.all(all.map((one) => queue.publish([one])));
      expect(answers.flat().filter((answer) => answer === 'accepted')).toHaveLength(1);
      expect(await queue.depth()).toMatchObject({ pending: 1, dead: 0 });
    });

    it('is refused after close, with a code', async () => {
      const queue = await open();
      await queue.close();
      await expect(queue.publish([message('m')])).rejects.toMatchObject({ kind: 'talon-error', code: 'queue_failed' });
      await expect(queue.ready()).rejects.toMatchObject({ code: 'queue_failed' });
      await queue.close();
    });

    it('is ready when it can store', async () => {
      const queue = await open();
      await expect(queue.ready()).resolves.toBeUndefined();
    });

    it('takes and hands out many messages, each once, in order per key', { timeout: 30_000 }, async () => {
      const queue = await open();
      const all = messages(many, (index) => ({ key: `k${index % 97}` }));
      const batches = Array.from({ length: many / 100 }, (_, index) => all.slice(index * 100, index * 100 + 100));
      await Promise.all(batches.map((batch) => queue.publish(batch)));
      const running = consume(queue, settleDone);
      const found = await running.seen(many);
      await running.stop();
      expect(new Set(ids(found)).size).toBe(many);
      const numbers = new Map<string, number>();
      for (const { message: got } of found) {
        const number = Number(got.id.slice(1));
        expect(number).toBeGreaterThan(numbers.get(got.key) ?? -1);
        numbers.set(got.key, number);
      }
      expect(await queue.depth()).toMatchObject({ pending: 0, dead: 0 });
    });
  });
}
