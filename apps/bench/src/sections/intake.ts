import { alertText, percentile } from '@falco-talon/testkit/server';
import { flood } from '../load.ts';
import type { Measurement, Section } from '../measurement.ts';
import { startBenchServer } from '../server.ts';

const CONNECTIONS = 50;
const COUNT = 40_000;
const RULES = '- { rule: Nothing, match: { rules: [Nothing] }, actions: [] }\n';

/** Alerts a second over 50 kept-alive connections; each answer comes after the queue has the alert. */
export const intake: Section = {
  name: 'intake',
  async run() {
    const results: Measurement[] = [];
    for (const queue of ['memory', 'sqlite'] as const) {
      const server = await startBenchServer({ rules: RULES, queue });
      const body = (n: number) => alertText('Terminal shell in container', `pod-${n % 100}`, n);
      await flood(server.url, COUNT / 8, CONNECTIONS, body);
      const { seconds, latencies, refused } = await flood(server.url, COUNT, CONNECTIONS, body);
      await server.close();
      const kind = queue === 'memory' ? 'in memory' : 'durable (fsync before 202)';
      results.push(
        { name: `intake ${kind}`, value: COUNT / seconds, unit: 'events/s' },
        { name: `intake ${kind}, answer p50`, value: percentile(latencies, 0.5), unit: 'ms' },
        { name: `intake ${kind}, answer p99`, value: percentile(latencies, 0.99), unit: 'ms' },
        { name: `intake ${kind}, refused`, value: refused, unit: 'alerts' },
      );
    }
    return results;
  },
};
