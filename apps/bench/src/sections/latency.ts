import { LABEL_RULES, startCluster, startTalon, watchRequests } from '@falco-talon/faults/harness';
import { percentile } from '@falco-talon/testkit/server';
import { delaysOfActions, pods } from '../load.ts';
import { bestAndMedian, type Section } from '../measurement.ts';

const RATE = 200;
const SECONDS = 10;
const ROUNDS = 3;
const WARM_UP = 400;

/** From sending an alert to the first byte of its action at the API server, durable queue, at 200 events a second, three times. */
export const latency: Section = {
  name: 'latency',
  async run(run) {
    const count = RATE * SECONDS;
    const shop = await startCluster(run, { objects: pods(count * ROUNDS + WARM_UP) });
    const requests = watchRequests(shop);
    const { url } = await startTalon(run, { rules: LABEL_RULES, kubeconfig: shop.kubeconfig() });
    await delaysOfActions(run, url, requests, { perSecond: RATE, first: count * ROUNDS, count: WARM_UP });
    const rounds: (readonly number[])[] = [];
    for (let round = 0; round < ROUNDS; round++)
      rounds.push(await delaysOfActions(run, url, requests, { perSecond: RATE, first: round * count, count }));
    const at = (share: number) => rounds.map((samples) => percentile(samples, share));
    const name = 'receipt to first byte at the API server';
    return [...bestAndMedian(`${name}, p50`, at(0.5), 3), ...bestAndMedian(`${name}, p99`, at(0.99), 15)];
  },
};
