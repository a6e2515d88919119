import { alertText, percentile } from '@falco-talon/testkit/server';
import { flood, steady, type Flood } from '../load.ts';
import type { Measurement, Section } from '../measurement.ts';
import { startBenchServer } from '../server.ts';

const CONNECTIONS = 50;
const COUNT = 40_000;
/** Alerts a second that have to be answered in time. */
const RATE = 5_000;
const RULES = '- { rule: Nothing, match: { rules: [Nothing] }, actions: [] }\n';
/** Made before anything is measured: who sends shares the machine with who is asked. */
const BODIES = Array.from({ length: COUNT }, (_, n) => alertText('Terminal shell in container', `pod-${n % 100}`, n));
const KINDS = { memory: 'in memory', sqlite: 'durable (fsync before 202)' } as const;

/**
 * Alerts a second over 50 kept-alive connections, each answered after the queue has it: as many as it can take, then 5,000 a
 * second and how long each waits. Saturated, the time to an answer is the number of connections divided by the rate: it says
 * nothing more than the rate does.
 */
export const intake: Section = {
  name: 'intake',
  async run() {
    const results: Measurement[] = [];
    for (const queue of ['memory', 'sqlite'] as const) {
      const server = await startBenchServer({ rules: RULES, queue });
      const body = (n: number) => BODIES[n]!;
      await flood(server.url, COUNT / 4, CONNECTIONS, body);
      const full = await flood(server.url, COUNT, CONNECTIONS, body);
      const paced = await steady(server.url, RATE, COUNT, CONNECTIONS, body);
      await server.close();
      results.push(...measured(KINDS[queue], full, paced, queue === 'sqlite'));
    }
    return results;
  },
};

function measured(kind: string, full: Flood, paced: Flood, limited: boolean): readonly Measurement[] {
  const most = (value: number) => (limited ? { limit: { kind: 'atMost', value } as const } : {});
  const at = `intake ${kind}, ${RATE} a second asked`;
  return [
    {
      name: `intake ${kind}, saturated`,
      value: COUNT / full.seconds,
      unit: 'events/s',
      ...(limited && { limit: { kind: 'atLeast', value: RATE } as const }),
    },
    { name: `${at}, answered`, value: COUNT / paced.seconds, unit: 'events/s' },
    { name: `${at}, answer p50`, value: percentile(paced.latencies, 0.5), unit: 'ms', ...most(5) },
    { name: `${at}, answer p99`, value: percentile(paced.latencies, 0.99), unit: 'ms', ...most(30) },
    { name: `intake ${kind}, refused`, value: full.refused + paced.refused, unit: 'alerts' },
  ];
}
