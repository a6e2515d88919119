import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Message, Queue, Settlement } from '@falco-talon/core';
import { message, startConsuming, type QueueSuiteOptions } from './queue-harness.ts';

const plan = fc.record({
  key: fc.constantFrom('a', 'b', 'c'),
  dedup: fc.option(fc.constantFrom('x', 'y', 'z'), { nil: undefined }),
  /** What becomes of it at each delivery; the last one for good. */
  ends: fc.tuple(
    fc.array(fc.constantFrom('later' as const, 'append' as const), { maxLength: 2 }),
    fc.constantFrom('done' as const, 'dead' as const, 'after return' as const),
  ),
});
const batches = fc.array(fc.array(plan, { maxLength: 5 }), { maxLength: 6 });

/** Random batches against the simplest thing that keeps the contract. */
export function modelCases(options: QueueSuiteOptions): void {
  it('behaves like the model, whatever is published and however it ends', { timeout: 30_000 }, async () => {
    // One queue for all runs, a new one only after a failure: opening costs more than all the rest.
    let queue: Queue | undefined;
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        batches,
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 3 }),
        async (all, inFlight, perKey) => {
          queue ??= (await options.open()).queue;
          try {
            const { dead: before } = await queue.depth();
            const dead = await compare(queue, `run${run++}-`, all, { inFlight, perKey });
            expect(await queue.depth()).toMatchObject({ pending: 0, dead: before + dead });
          } catch (error) {
            await queue.close();
            queue = undefined;
            throw error;
          }
        },
      ),
      { numRuns: 40 },
    );
    await queue?.close();
  });
}

type Plan = typeof plan extends fc.Arbitrary<infer T> ? T : never;

/** Answers how many must have been set aside. */
async function compare(
  queue: Queue,
  prefix: string,
  all: Plan[][],
  limits: { inFlight: number; perKey: number },
): Promise<number> {
  const plans = new Map<string, Plan>();
  const seen = new Set<string>();
  let number = 0;
  for (const batch of all) {
    const sent: Message[] = batch.map((one) => message(`${prefix}${number++}`, toMessage(one, prefix)));
    const expected = batch.map((one, index) => {
      if (one.dedup !== undefined && seen.has(one.dedup)) return 'duplicate';
      if (one.dedup !== undefined) seen.add(one.dedup);
      plans.set(sent[index]?.id ?? '', one);
      return 'accepted';
    });
    expect(await queue.publish(sent)).toEqual(expected);
  }
  expect((await queue.depth()).pending).toBe(plans.size);

  const total = [...plans.values()].reduce((sum, { ends: [first] }) => sum + first.length + 1, 0);
  const late: (() => Promise<void>)[] = [];
  const running = startConsuming(
    queue,
    async (delivery) => {
      const [first, last] = plans.get(delivery.message.id)?.ends ?? [[], 'done'];
      const end = first[delivery.attempt - 1] ?? last;
      if (end === 'append') await delivery.append([{ step: 's', kind: 'intent', data: delivery.attempt }]);
      if (end === 'after return') late.push(() => delivery.settle({ kind: 'done' }));
      else await delivery.settle(settlement(end));
    },
    limits,
  );
  const found = await running.seen(total);
  await running.stop();
  for (const settle of late) await settle();

  expect(running.deliveries).toHaveLength(total);
  for (const key of ['a', 'b', 'c']) {
    const first = found.filter(({ message: got, attempt }) => got.key === key && attempt === 1);
    expect(first.map((delivery) => delivery.message.id)).toEqual(
      [...plans].filter(([, one]) => one.key === key).map(([id]) => id),
    );
  }
  for (const delivery of found) {
    const [first = []] = plans.get(delivery.message.id)?.ends ?? [];
    const appended = first.flatMap((end, index) =>
      end === 'append' && index + 1 < delivery.attempt ? [index + 1] : [],
    );
    expect(delivery.journal.map(({ data }) => data)).toEqual(appended);
  }
  return [...plans.values()].filter(({ ends: [, last] }) => last === 'dead').length;
}

function toMessage(one: Plan, prefix: string): Partial<Message> {
  return {
    key: one.key,
    ...(one.dedup === undefined ? {} : { dedup: { key: prefix + one.dedup, window: 3_600_000 } }),
  };
}

function settlement(end: 'later' | 'append' | 'done' | 'dead'): Settlement {
  if (end === 'done') return { kind: 'done' };
  if (end === 'dead') return { kind: 'dead', reason: 'by the plan' };
  return { kind: 'later', at: 0, reason: 'by the plan' };
}
