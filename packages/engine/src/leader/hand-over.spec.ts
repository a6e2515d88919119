import { silentLogger, type Delivery } from '@falco-talon/core';
import { expect, it } from 'vitest';
import { createHandOver, type SendHandover } from './hand-over.ts';
import { writeHandover } from './handover-body.ts';
import { seal } from './seal.ts';
import { message, NOW, receiving, replicaNamed } from './testing-leader.ts';

const own = replicaNamed('one');
const other = replicaNamed('two');
const delivery = { message: message(), journal: [] } as unknown as Delivery;

function handing(send: SendHandover) {
  const one = receiving(own, [other]);
  one.become(false);
  one.state.leader = other;
  const { leadership, mine, observer } = one;
  const signal = new AbortController().signal;
  const handOver = createHandOver({
    own,
    leadership,
    mine,
    send,
    observer,
    logger: silentLogger,
    now: () => NOW,
    signal,
  });
  return { ...one, handOver };
}

it('hands over until the leader has it', async () => {
  const answers = [421, 503, 200];
  const one = handing(async () => ({ status: answers.shift()!, code: '' }));
  expect(await one.handOver(delivery)).toBe('handed');
  expect(answers).toEqual([]);
});

it('asks for a few at a time, in order of arrival, and no more when it leads itself', async () => {
  const asked: string[] = [];
  const answers: (() => void)[] = [];
  const one = handing(async (_to, { body }) => {
    asked.push((JSON.parse(body.toString()) as { id: string }).id);
    await new Promise<void>((resolve) => answers.push(resolve));
    return { status: 200, code: 'accepted' };
  });
  const ids = Array.from({ length: 40 }, (_, n) => `alert-${n}`);
  const ends = ids.map((id) => one.handOver({ message: message({ id }), journal: [] } as unknown as Delivery));
  await expect.poll(() => asked.length).toBe(16);
  answers.shift()!();
  expect(await ends[0]).toBe('handed');
  await expect.poll(() => asked.length).toBe(17);
  expect(asked).toEqual(ids.slice(0, 17));
  one.become(true);
  expect(await Promise.all(ends.slice(17))).toEqual(Array(23).fill('lead'));
  expect(asked).toHaveLength(17);
});

it('one that leads acts itself, after it has asked whoever may have it already', async () => {
  let has = false;
  const one = handing(async () => {
    if (one.leadership.current())
      return has ? { status: 200, code: 'duplicate' } : { status: 421, code: 'not_leading' };
    setImmediate(() => one.become(true));
    throw new Error('the answer is lost');
  });
  expect(await one.handOver(delivery)).toBe('lead');
  has = true;
  one.become(false);
  expect(await one.handOver(delivery)).toBe('handed');
});

it('of two replicas that hand one message to each other, one keeps it', async () => {
  const one = handing(async (to, { body }) => {
    if (!one.leadership.current()) {
      one.become(true);
      throw new Error('the answer is lost');
    }
    // While it asks whether the other one has it, the other one brings it back, and lets go of it.
    const back = writeHandover(message({ headers: { ...message().headers, hops: '1' } }), [], 2);
    const admitted = await one.takeOver.admit(seal(back, { from: 'two', to: 'one', now: NOW, key: other.privateKey }));
    if (!('accept' in admitted)) throw new Error(admitted.code);
    expect(await admitted.accept(back)).toEqual({ status: 200, code: 'duplicate' });
    expect(body).toEqual(writeHandover(message(), [], 1));
    return { status: 200, code: 'duplicate' };
  });
  // It had begun it when it led before.
  one.mine.begin('alert-1', 0);
  expect(await one.handOver(delivery)).toBe('lead');
  expect(one.published).toEqual([]);
});
