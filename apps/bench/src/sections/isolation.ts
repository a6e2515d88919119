import { setTimeout as delay } from 'node:timers/promises';
import { alertText } from '../alerts.ts';
import { pace } from '../load.ts';
import { percentile, type Section } from '../measurement.ts';
import { startBenchServer } from '../server.ts';
import { LABEL_RULE, shopWith, watchArrivals, type Arrivals } from '../shop.ts';

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
    await run(server.url, arrivals, 0);
    const without = await run(server.url, arrivals, COUNT);
    // Ten events wait behind the one that is held.
    await pace(server.url, RATE, TARGETS, (n) => alertText('Terminal shell in container', held, n));
    await shop.waitForRequest(({ name }) => name === held);
    const beside = await run(server.url, arrivals, COUNT * 2);
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

async function run(url: string, arrivals: Arrivals, first: number): Promise<number> {
  const sent: number[] = [];
  await pace(url, RATE, COUNT, (n) => {
    sent[n] = performance.now();
    return alertText('Terminal shell in container', `pod-${first + n}`, first + n);
  });
  const arrivedAt = (n: number) => arrivals.first.get(`pod-${first + n}`);
  while (sent.some((_, n) => arrivedAt(n) === undefined)) await delay(20);
  return percentile(
    sent.map((at, n) => arrivedAt(n)! - at),
    0.99,
  );
}
