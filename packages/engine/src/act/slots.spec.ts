import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSlots, type Rank } from './slots.ts';

const { signal } = new AbortController();
const rank = (severity: number, age: number): Rank => ({ severity, age });
/** Lets everything that is ready to run, run. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('createSlots', () => {
  it('lets no more than the limit in', async () => {
    const slots = createSlots(2);
    const first = await slots.take(rank(0, 0), signal);
    await slots.take(rank(0, 1), signal);
    let third = false;
    void slots.take(rank(0, 2), signal).then(() => (third = true));
    await settled();
    expect(third).toBe(false);
    first();
    await settled();
    expect(third).toBe(true);
  });

  it('takes a slot given back twice as one', async () => {
    const slots = createSlots(1);
    const first = await slots.take(rank(0, 0), signal);
    const started: number[] = [];
    void slots.take(rank(0, 1), signal).then(() => started.push(1));
    void slots.take(rank(0, 2), signal).then(() => started.push(2));
    first();
    first();
    await settled();
    expect(started).toEqual([1]);
  });

  it('rejects at once when the process stops, and forgets who waited', async () => {
    const slots = createSlots(1);
    const stop = new AbortController();
    const first = await slots.take(rank(0, 0), signal);
    const waiting = slots.take(rank(0, 1), stop.signal);
    const other = slots.take(rank(5, 2), signal);
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
    await expect(slots.take(rank(0, 3), stop.signal)).rejects.toMatchObject({ code: 'aborted' });
    first();
    (await other)();
    await slots.take(rank(0, 4), signal);
  });

  it('leaves no listener on the signal of those who got a slot', async () => {
    const slots = createSlots(1);
    const stop = new AbortController();
    const first = await slots.take(rank(0, 0), stop.signal);
    const waiting = slots.take(rank(0, 1), stop.signal);
    expect(getEventListeners(stop.signal, 'abort')).toHaveLength(1);
    first();
    await waiting;
    expect(getEventListeners(stop.signal, 'abort')).toHaveLength(0);
  });

  it('the most severe goes first, then the oldest, whoever leaves the queue meanwhile', async () => {
    const ranks = fc.array(fc.tuple(fc.nat(8), fc.boolean()), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(ranks, async (waiters) => {
        const slots = createSlots(1);
        const release = await slots.take(rank(0, -1), signal);
        const started: Rank[] = [];
        const leaving = new AbortController();
        const all = waiters.map(async ([severity, leaves], age) => {
          const own = rank(severity, age);
          try {
            const giveBack = await slots.take(own, leaves ? leaving.signal : signal);
            started.push(own);
            giveBack();
          } catch (error) {
            if (!leaves) throw error;
          }
        });
        leaving.abort();
        release();
        await Promise.all(all);
        const stayed = waiters.flatMap(([severity, leaves], age) => (leaves ? [] : [rank(severity, age)]));
        expect(started).toEqual(stayed.toSorted((a, b) => a.severity - b.severity || a.age - b.age));
      }),
      { numRuns: 200 },
    );
  });
});
