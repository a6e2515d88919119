import { alertText } from '@falco-talon/testkit/server';
import { flood, pace } from '../load.ts';
import type { Section } from '../measurement.ts';
import { startBenchServer } from '../server.ts';
import { LABEL_RULE, shopWith, watchArrivals } from '../shop.ts';
import { p99OfActions } from '../targets.ts';

const TARGETS = 10;
const HELD = 5_000;
const RATE = 100;
/** Alerts about the eleventh. */
const NOISE = 1_000;
/** Each of the ten targets gets one event in ten. */
const COUNT = (RATE * HELD) / 1000;

/** Ten targets while an eleventh is held for 5 s: an event about it must not delay theirs. Then the eleventh gets 1,000. */
export const isolation: Section = {
  name: 'isolation',
  async run() {
    const shop = await shopWith(COUNT * 4 + 1);
    const arrivals = watchArrivals(shop);
    const noisy = `pod-${COUNT * 4}`;
    const gate = shop.fault({ kind: 'hold', match: { name: noisy } });
    const server = await startBenchServer({ rules: LABEL_RULE, kubeconfig: shop.kubeconfig(), queue: 'sqlite' });
    const run = (first: number) => p99OfActions(server.url, arrivals, { first, count: COUNT, rate: RATE });
    await run(0);
    const without = await run(COUNT);
    // Ten events wait behind the one that is held.
    await pace(server.url, RATE, TARGETS, (n) => alertText('Terminal shell in container', noisy, n));
    await shop.waitForRequest(({ name }) => name === noisy);
    const beside = await run(COUNT * 2);
    gate.release();
    const [crowded] = await Promise.all([
      run(COUNT * 3),
      flood(server.url, NOISE, 10, (n) => alertText('Terminal shell in container', noisy, TARGETS + n)),
    ]);
    await server.close();
    await shop.close();
    return [
      { name: 'ten targets, p99 alone', value: without, unit: 'ms' },
      { name: 'ten targets, p99 while an eleventh is held', value: beside, unit: 'ms' },
      { name: 'with against without', value: beside / without, unit: '×', limit: { kind: 'atMost', value: 2 } },
      { name: 'ten targets, p99 while an eleventh gets 1,000 alerts at once', value: crowded, unit: 'ms' },
      { name: 'with against without', value: crowded / without, unit: '×', limit: { kind: 'atMost', value: 2 } },
    ];
  },
};
