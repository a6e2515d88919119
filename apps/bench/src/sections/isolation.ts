import { alertText } from '@falco-talon/testkit/server';
import { pace } from '../load.ts';
import type { Section } from '../measurement.ts';
import { startBenchServer } from '../server.ts';
import { LABEL_RULE, shopWith, watchArrivals } from '../shop.ts';
import { p99OfActions } from '../targets.ts';

const TARGETS = 10;
const HELD = 5_000;
const RATE = 100;
/** Each of the ten targets gets one event in ten. */
const COUNT = (RATE * HELD) / 1000;

/** Ten targets while an eleventh is held for 5 s: an event about it must not delay theirs. */
export const isolation: Section = {
  name: 'isolation',
  async run() {
    const shop = await shopWith(COUNT * 3 + 1);
    const arrivals = watchArrivals(shop);
    const held = `pod-${COUNT * 3}`;
    const gate = shop.fault({ kind: 'hold', match: { name: held } });
    const server = await startBenchServer({ rules: LABEL_RULE, kubeconfig: shop.kubeconfig(), queue: 'sqlite' });
    const run = (first: number) => p99OfActions(server.url, arrivals, { first, count: COUNT, rate: RATE });
    await run(0);
    const without = await run(COUNT);
    // Ten events wait behind the one that is held.
    await pace(server.url, RATE, TARGETS, (n) => alertText('Terminal shell in container', held, n));
    await shop.waitForRequest(({ name }) => name === held);
    const beside = await run(COUNT * 2);
    gate.release();
    await server.close();
    await shop.close();
    return [
      { name: 'ten targets, p99 alone', value: without, unit: 'ms' },
      { name: 'ten targets, p99 while an eleventh is held', value: beside, unit: 'ms' },
      { name: 'with against without', value: beside / without, unit: '×', limit: { kind: 'atMost', value: 2 } },
    ];
  },
};
