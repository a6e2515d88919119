import { setTimeout as delay } from 'node:timers/promises';
import { alertText, percentile, startWebhookListener, watchResident } from '@falco-talon/testkit/server';
import { steady } from '../load.ts';
import type { Measurement, Section } from '../measurement.ts';
import { startBenchServer } from '../server.ts';
import { shopWith } from '../shop.ts';

/** Ten minutes in full: `BENCH_FLOOD_SECONDS=600`. */
const SECONDS = Number(process.env['BENCH_FLOOD_SECONDS'] ?? 60);
/** Pods of the noisy rule; one action on a pod at a time, so that the API server's time to answer is the capacity. */
const NOISY_PODS = 10;
const API_MS = 100;
const CAPACITY = (NOISY_PODS * 1000) / API_MS;
const RATE = 5 * CAPACITY;
/** So that the flood is longer than the queue. */
const QUEUE = 5_000;
const BUDGET = 20;
/**
 * What Node takes by itself in a container of 512 MiB. On a machine with more it collects the less often the more there is, so
 * that the figure would be one of the machine.
 */
const HEAP = ['--max-old-space-size=256', '--max-semi-space-size=16'];

const RULES = `
- rule: Noisy
  match: { rules: [Noisy] }
  actions: [{ action: label, actionner: kubernetes:label, parameters: { labels: { analysis/status: noisy } } }]
- rule: Braked
  notifiers: [webhook]
  match: { rules: [Braked] }
  actions: [{ action: note, actionner: kubernetes:annotation, parameters: { annotations: { analysis/status: seen } } }]
`;

/**
 * Five times what the actions of one rule can do, for as long as it takes: the queue fills, what is beyond it is refused and
 * counted, memory stays where it is. Every 50th alert is of a rule whose budget is used up soon.
 */
export const flooded: Section = {
  name: 'flood',
  async run() {
    const shop = await shopWith(NOISY_PODS);
    shop.fault({ kind: 'latency', ms: API_MS, match: ({ verb }) => verb !== 'get' });
    const listener = await startWebhookListener();
    const server = await startBenchServer({
      rules: RULES,
      kubeconfig: shop.kubeconfig(),
      queue: 'sqlite',
      nodeFlags: HEAP,
      config: `
queue: { sqlite: { max_messages: ${QUEUE} } }
notifiers: { webhook: { url: '${listener.url}' } }
guard: { budgets: [{ per: rule, limit: ${BUDGET}, window_seconds: 600, cool_down_seconds: 3600, actionners: ['kubernetes:annotation'] }] }
`,
    });
    const resident = watchResident(server.pid);
    const body = (n: number) => alertText(n % 50 === 0 ? 'Braked' : 'Noisy', `pod-${n % NOISY_PODS}`, n);
    const count = RATE * SECONDS;
    const { latencies, refused } = await steady(server.url, RATE, count, 50, body);
    await listener.until(() => listener.records.some(({ stage }) => stage === 'guard'));
    await delay(1_000);
    const metrics = await (await fetch(new URL('/metrics', server.url))).text();
    const highest = resident();
    await server.close();
    await shop.close();
    listener.close();
    const accepted = sum(metrics, /_events_total\{.*result="accepted"/);
    const shed = sum(metrics, /_requests_refused_total\{status="503"/);
    const told = listener.records.filter(({ stage }) => stage === 'guard').length;
    return [
      { name: `flood of ${SECONDS} s at ${RATE} a second, five times the capacity`, value: count, unit: 'alerts' },
      {
        name: 'highest resident memory, with the heap of a 512 MiB container',
        value: highest,
        unit: 'MiB',
        limit: { kind: 'atMost', value: 350 },
      },
      { name: 'answer p99', value: percentile(latencies, 0.99), unit: 'ms' },
      { name: 'refused', value: refused, unit: 'alerts' },
      exactly('refused and not counted with a reason', refused - shed, 0),
      exactly('neither accepted nor refused', count - accepted - refused, 0),
      exactly('brakes engaged', sum(metrics, /_storm_brakes_engaged\{/), 1),
      exactly('times it was told', told, 1),
      { name: 'actions it made dry runs', value: sum(metrics, /_storm_brake_observed_total\{/), unit: 'actions' },
    ];
  },
};

function exactly(name: string, value: number, limit: number): Measurement {
  return { name, value, unit: '', limit: { kind: 'exactly', value: limit } };
}

/** Of the series whose line fits. */
function sum(metrics: string, series: RegExp): number {
  const lines = metrics.split('\n').filter((line) => series.test(line));
  return lines.reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' '))), 0);
}
