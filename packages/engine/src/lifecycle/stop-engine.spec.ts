import { silentLogger, type Queue } from '@falco-talon/core';
import { afterEach, describe, expect, it } from 'vitest';
import { stopper, type StopParts } from './stop-engine.ts';
import { alert, engines, newWorld, RULE } from './testing-world.ts';

const { start, closeAll } = engines();
afterEach(closeAll);

/** An engine in the middle of the first action on `cart`, which heeds no signal. */
async function busy() {
  const world = newWorld();
  world.gates.set('a:cart', Promise.withResolvers());
  const engine = await start(world, { rules: RULE.replace('say: a', 'say: a, limit: 600000') });
  await engine.post(alert('cart'));
  await engine.until(() => engine.events.some(({ result }) => result === 'matched'));
  while (world.log.length === 0) await new Promise(setImmediate);
  return engine;
}

describe('the engine when it stops', () => {
  it('waits for no plugin beyond its time, and says what is lost with a queue in memory', async () => {
    const engine = await busy();
    expect(await engine.engine.stop(100)).toEqual({ unfinished: 1, lost: true });
  });

  it('hurries when it is told so, and takes no longer because it is told again', async () => {
    const engine = await busy();
    const first = engine.engine.stop(600_000);
    const second = engine.engine.stop(100);
    const third = engine.engine.stop(600_000);
    expect(await Promise.all([first, second, third])).toHaveLength(3);
  });

  it('says nothing is lost when all was done', async () => {
    const engine = await start(newWorld());
    await engine.post(alert('cart'));
    expect(await engine.engine.stop(10_000)).toEqual({ unfinished: 0, lost: false });
    expect(engine.records).toHaveLength(2);
  });
});

describe('stopping', () => {
  const never = new Promise<never>(() => {});
  const parts = (queue: Partial<Queue>, close: StopParts['close']): StopParts => ({
    queue: { depth: async () => ({ pending: 3, dead: 0 }), ...queue } as Queue,
    durable: true,
    held: { count: () => 0, end: () => {} },
    worksOff: false,
    logger: silentLogger,
    consuming: new AbortController(),
    stopping: new AbortController(),
    leaving: new AbortController(),
    consumption: never,
    background: new Set([never]),
    close,
  });

  it('ends although handlers, the queue and whatever is closed never do, and closes the rest', async () => {
    const closed: string[] = [];
    const hanging = parts({ depth: () => never }, [
      () => never,
      () => {
        closed.push('throws');
        throw new Error('broken');
      },
      () => void closed.push('last'),
    ]);
    expect(await stopper(hanging)(50)).toEqual({ unfinished: 0, lost: false });
    expect(closed).toEqual(['throws', 'last']);
    expect([hanging.consuming, hanging.stopping, hanging.leaving].map(({ signal }) => signal.aborted)).toEqual([
      true,
      true,
      true,
    ]);
  });

  it('does not work off what waits for something a guard holds', async () => {
    const held = parts({}, []);
    const waiting = { count: () => 1, end: () => {} };
    const stopping = stopper({
      ...held,
      held: waiting,
      worksOff: true,
      consumption: Promise.resolve(),
      background: new Set(),
    });
    expect(await stopping(600_000)).toEqual({ unfinished: 3, lost: false });
  });

  it('tells work to stop before it leaves it behind, and keeps what a durable queue holds', async () => {
    const order: string[] = [];
    const all = parts({}, []);
    for (const name of ['consuming', 'stopping', 'leaving'] as const) {
      all[name].signal.addEventListener('abort', () => order.push(name));
    }
    expect(await stopper(all)(50)).toEqual({ unfinished: 3, lost: false });
    expect(order).toEqual(['consuming', 'stopping', 'leaving']);
  });
});
