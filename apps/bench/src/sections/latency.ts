import { setTimeout as delay } from 'node:timers/promises';
import { alertText, percentile } from '@falco-talon/testkit/server';
import { pace } from '../load.ts';
import type { Section } from '../measurement.ts';
import { startBenchServer } from '../server.ts';
import { LABEL_RULE, shopWith, watchArrivals } from '../shop.ts';

const RATE = 200;
const SECONDS = 10;
const WARM_UP = 400;

/** From sending an alert to the first byte of its action at the API server, durable queue, at 200 events a second. */
export const latency: Section = {
  name: 'latency',
  async run() {
    const count = RATE * SECONDS;
    const shop = await shopWith(count + WARM_UP);
    const arrivals = watchArrivals(shop);
    const server = await startBenchServer({ rules: LABEL_RULE, kubeconfig: shop.kubeconfig(), queue: 'sqlite' });
    const sent: number[] = [];
    const body = (n: number) => {
      sent[n] = performance.now();
      return alertText('Terminal shell in container', `pod-${n}`, n);
    };
    await pace(server.url, RATE, WARM_UP, (n) => body(count + n));
    await pace(server.url, RATE, count, body);
    while (arrivals.first.size < count + WARM_UP) await delay(20);
    const samples = Array.from({ length: count }, (_, n) => (arrivals.first.get(`pod-${n}`) ?? Infinity) - sent[n]!);
    await server.close();
    await shop.close();
    return [
      {
        name: 'receipt to first byte at the API server, p50',
        value: percentile(samples, 0.5),
        unit: 'ms',
        limit: { kind: 'atMost', value: 3 },
      },
      {
        name: 'receipt to first byte at the API server, p99',
        value: percentile(samples, 0.99),
        unit: 'ms',
        limit: { kind: 'atMost', value: 15 },
      },
    ];
  },
};
