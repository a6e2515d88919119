import { describe, expect, it } from 'vitest';
import type { DeadLetters, Delivery, Entry, Queue } from '@falco-talon/core';
import { ids, message, messages, queueHarness, settleDone, type QueueSuiteOptions } from './queue-harness.ts';

const PLAN: Entry = { step: '', kind: 'plan', data: { steps: ['ü"\u0000'] } };
const INTENT: Entry = { step: 's/0', kind: 'intent', data: { uid: 'u' } };
const BEGUN: Entry = { step: '', kind: 'begun', data: {} };
const POSTPONED: Entry = { step: '', kind: 'postponed', data: { reason: 'stopped' } };

const poison = (delivery: Delivery) => delivery.settle({ kind: 'dead', reason: `poison in ${delivery.message.id}` });

function lettersOf({ deadLetters }: Queue): DeadLetters {
  if (!deadLetters) throw new Error('The queue has no dead letters; a queue without them sets deadLetters: false.');
  return deadLetters;
}

export function deadLetterCases(options: QueueSuiteOptions): void {
  const { open, openTwice, consume } = queueHarness(options);

  /** With `count` messages m0, m1, … set aside, those of a key in this order. */
  async function setAside(queue: Queue, count: number, key: (index: number) => string): Promise<void> {
    await queue.publish(messages(count, (index) => ({ key: key(index) })));
    const running = consume(queue, poison);
    await running.seen(count);
    await running.stop();
  }

  describe('dead letters', () => {
    it('rest in the order they were set aside, with their reasons, page by page', async () => {
      const queue = await open();
      const letters = lettersOf(queue);
      expect(await letters.list({ limit: 10 })).toEqual([]);
      const before = Date.now();
      await queue.publish(messages(5, (index) => ({ key: `k${index}`, kind: 'undo' })));
      const running = consume(queue, () => {});
      const found = await running.seen(5);
      // By name: only messages of one key are delivered in order.
      for (const id of ['m3', 'm1', 'm4', 'm0', 'm2']) await poison(found.find(({ message: got }) => got.id === id)!);
      await running.stop();
      const all = await letters.list({ limit: 10 });
      expect(all.map(({ id }) => id)).toEqual(['m3', 'm1', 'm4', 'm0', 'm2']);
      expect(all[0]).toEqual({
        id: 'm3',
        kind: 'undo',
        key: 'k3',
        reason: 'poison in m3',
        setAsideAt: expect.any(Number),
        attempts: 1,
      });
      // Within a second: many are set aside in one millisecond and still have an order.
      for (const { setAsideAt } of all) expect(Math.abs(setAsideAt - before)).toBeLessThan(60_000);
      expect(await letters.list({ limit: 2 })).toEqual(all.slice(0, 2));
      expect(await letters.list({ after: 'm1', limit: 2 })).toEqual(all.slice(2, 4));
      expect(await letters.list({ after: 'm0', limit: 2 })).toEqual(all.slice(4));
      expect(await letters.list({ after: 'm2', limit: 2 })).toEqual([]);
      expect(await letters.list({ after: 'gone', limit: 2 })).toEqual(all.slice(0, 2));
      expect(await queue.depth()).toMatchObject({ pending: 0, dead: 5 });
    });

    it('are opened with body, headers and journal; reading changes nothing', async () => {
      const queue = await open();
      const sent = message('a "b"\u0000\ud800', {
        key: 'k"\n',
        headers: { ['__proto__']: 'p' },
        body: Uint8Array.of(0, 255),
      });
      await queue.publish([sent]);
      const running = consume(queue, async (delivery) => {
        if (delivery.attempt === 1) {
          await delivery.append([PLAN, INTENT]);
          await delivery.settle({ kind: 'later', at: 0, reason: 'again' });
        } else await delivery.settle({ kind: 'dead', reason: 'tab\t "quoted" \u0000 ü' });
      });
      await running.seen(2);
      await running.stop();
      const letters = lettersOf(queue);
      for (let times = 0; times < 2; times++) {
        const opened = await letters.read(sent.id);
        expect({ ...opened, message: { ...opened?.message, body: [...(opened?.message?.body ?? [])] } }).toEqual({
          id: sent.id,
          kind: 'event',
          key: sent.key,
          reason: 'tab\t "quoted" \u0000 ü',
          setAsideAt: expect.any(Number),
          attempts: 2,
          message: { id: sent.id, kind: 'event', key: sent.key, headers: sent.headers, body: [0, 255] },
          journal: [PLAN, INTENT],
        });
      }
      expect(await letters.read('unknown')).toBeUndefined();
    });

    it('are delivered after a retry with their journal; attempts count from one', async () => {
      const queue = await open();
      await queue.publish([message('m')]);
      const running = consume(queue, async (delivery) => {
        if (delivery.journal.length === 0) {
          await delivery.append([PLAN, POSTPONED, INTENT, BEGUN, POSTPONED]);
          await delivery.settle({ kind: 'later', at: 0, reason: 'again' });
        } else if (delivery.attempt === 2) await poison(delivery);
        else await settleDone(delivery);
      });
      await running.seen(2);
      const letters = lettersOf(queue);
      expect(await untilListed(letters, 1)).toEqual(['m']);
      expect(await letters.retry(['m'])).toEqual(['m']);
      const third = (await running.seen(3))[2];
      expect({ attempt: third?.attempt, journal: third?.journal }).toEqual({ attempt: 1, journal: [PLAN, INTENT] });
      await running.stop();
      expect(await letters.list({ limit: 10 })).toEqual([]);
      expect(await queue.depth()).toMatchObject({ pending: 0, dead: 0 });
    });

    it('may be set aside again after a retry, with what was appended since', async () => {
      const queue = await open();
      await setAside(queue, 1, () => 'a');
      const letters = lettersOf(queue);
      await letters.retry(['m0']);
      const running = consume(queue, async (delivery) => {
        await delivery.append([INTENT]);
        await delivery.settle({ kind: 'dead', reason: 'still' });
      });
      await running.seen(1);
      await running.stop();
      expect(await letters.read('m0')).toMatchObject({ reason: 'still', attempts: 1, journal: [INTENT] });
      expect(await letters.list({ limit: 10 })).toHaveLength(1);
    });

    it('go behind what waits, in the order given, each once', async () => {
      const queue = await open();
      await setAside(queue, 4, () => 'a');
      await queue.publish([message('waiting')]);
      const letters = lettersOf(queue);
      expect(await letters.retry(['m2', 'unknown', 'm0', 'm2', 'm3'])).toEqual(['m2', 'm0', 'm3']);
      await queue.publish([message('later')]);
      expect(await letters.retry(['m2'])).toEqual([]);
      const running = consume(queue, settleDone);
      expect(ids(await running.seen(5))).toEqual(['waiting', 'm2', 'm0', 'm3', 'later']);
      await running.stop();
      expect((await letters.list({ limit: 10 })).map(({ id }) => id)).toEqual(['m1']);
    });

    it('are put back many at a time, in order per key, while others are delivered', { timeout: 30_000 }, async () => {
      const queue = await open();
      const many = Math.min(1000, options.many ?? 1000);
      await setAside(queue, many, (index) => `k${index % 13}`);
      const letters = lettersOf(queue);
      const running = consume(queue, settleDone);
      const all = (await letters.list({ limit: 2000 })).map(({ id }) => id);
      expect(new Set(all).size).toBe(many);
      const [put] = await Promise.all([letters.retry(all), queue.publish([message('other', { key: 'k0' })])]);
      expect(put).toEqual(all);
      const found = await running.seen(many + 1);
      await running.stop();
      expect(new Set(ids(found)).size).toBe(many + 1);
      const last = new Map<string, number>();
      for (const { message: got } of found.filter(({ message: { id } }) => id !== 'other')) {
        const number = Number(got.id.slice(1));
        expect(number).toBeGreaterThan(last.get(got.key) ?? -1);
        last.set(got.key, number);
      }
      expect(await queue.depth()).toMatchObject({ pending: 0, dead: 0 });
    });

    it('are deleted for good by drop', async () => {
      const queue = await open();
      await setAside(queue, 3, () => 'a');
      const letters = lettersOf(queue);
      expect(await letters.drop(['m1', 'unknown', 'm1'])).toEqual(['m1']);
      expect(await letters.drop(['m1'])).toEqual([]);
      expect(await letters.retry(['m1'])).toEqual([]);
      expect(await letters.read('m1')).toBeUndefined();
      expect((await letters.list({ limit: 10 })).map(({ id }) => id)).toEqual(['m0', 'm2']);
      expect(await queue.depth()).toMatchObject({ pending: 0, dead: 2 });
    });

    it('with one id are two letters, each with a name of its own', async () => {
      const queue = await open();
      await queue.publish([message('same', { key: 'a' }), message('same', { key: 'b' })]);
      const running = consume(queue, poison);
      await running.seen(2);
      await running.stop();
      const letters = lettersOf(queue);
      const all = await letters.list({ limit: 10 });
      // Messages of two keys may be delivered in any order.
      const [first, second] = ['a', 'b'].map((name) => all.find(({ key }) => key === name)?.id);
      expect(all).toHaveLength(2);
      expect(second).not.toBe(first);
      expect((await letters.read(second!))?.message).toMatchObject({ id: 'same', key: 'b' });
      expect(await letters.retry([second!])).toEqual([second]);
      expect((await letters.list({ limit: 10 })).map(({ key }) => key)).toEqual(['a']);
    });

    if (options.durable) {
      it('are there after a crash, and what was put back or dropped is not', async () => {
        const { queue, reopen } = await openTwice();
        await setAside(queue, 4, () => 'a');
        await lettersOf(queue).retry(['m2', 'm1']);
        await lettersOf(queue).drop(['m3']);
        const again = await reopen();
        expect(await again.depth()).toMatchObject({ pending: 2, dead: 1 });
        expect(await lettersOf(again).list({ limit: 10 })).toMatchObject([{ id: 'm0', reason: 'poison in m0' }]);
        await lettersOf(again).retry(['m0']);
        const running = consume(again, settleDone);
        const found = await running.seen(3);
        expect(found.map(({ message: { id }, attempt }) => [id, attempt])).toEqual([
          ['m2', 1],
          ['m1', 1],
          ['m0', 1],
        ]);
      });
    }
  });
}

/** A letter is there once `settle` has resolved, which a test may not see. */
async function untilListed(letters: DeadLetters, count: number): Promise<string[]> {
  for (;;) {
    const found = await letters.list({ limit: 1000 });
    if (found.length >= count) return found.map(({ id }) => id);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A journal that comes with its message. */
export function carriedJournalCases(options: QueueSuiteOptions): void {
  const { open, openTwice, consume } = queueHarness(options);
  const journal = [PLAN, POSTPONED, BEGUN, INTENT];

  describe('a journal that comes with its message', () => {
    it('is there at the first delivery, before what is appended, without the attempts of elsewhere', async () => {
      const queue = await open();
      const running = consume(queue, async (delivery) => {
        if (delivery.attempt === 2) return settleDone(delivery);
        await delivery.append([{ step: 's/0', kind: 'result', data: 1 }]);
        await delivery.settle({ kind: 'later', at: 0, reason: 'again' });
      });
      // While a handler can start at once, and from the line.
      await queue.publish([message('at once', { journal })]);
      await running.seen(2);
      await queue.publish([message('later', { journal, notBefore: Date.now() + 5 }), message('none', { journal: [] })]);
      const found = await running.seen(6);
      const of = (id: string) => found.filter((delivery) => delivery.message.id === id).map((one) => one.journal);
      const result = { step: 's/0', kind: 'result', data: 1 };
      expect(of('at once')).toEqual([
        [PLAN, INTENT],
        [PLAN, INTENT, result],
      ]);
      expect(of('later')).toEqual(of('at once'));
      expect(of('none')).toEqual([[], [result]]);
      expect(found[0]?.message).not.toHaveProperty('journal');
    });

    it('is stored with it or not at all', async () => {
      const queue = await open();
      const circle: unknown[] = [];
      circle.push(circle);
      const bad = message('bad', { journal: [{ ...INTENT, data: circle }] });
      await expect(queue.publish([message('good'), bad])).rejects.toMatchObject({
        code: 'queue_failed',
        retryable: false,
      });
      expect(await queue.depth()).toMatchObject({ pending: 0 });
      await queue.publish([message('next', { dedup: { key: 'x', window: 60_000 } })]);
      const again = message('again', { journal, dedup: { key: 'x', window: 60_000 } });
      expect(await queue.publish([again])).toEqual(['duplicate']);
      const [next] = await consume(queue, settleDone).seen(1);
      expect(next?.journal).toEqual([]);
    });

    if (options.durable) {
      it('is there after a crash', async () => {
        const { queue, reopen } = await openTwice();
        await queue.publish([message('m', { journal })]);
        const [found] = await consume(await reopen(), settleDone).seen(1);
        expect(found?.journal).toEqual([PLAN, INTENT]);
      });
    }
  });
}
