import { alertText, percentile } from '@falco-talon/testkit/server';
import { startTalon } from '@falco-talon/faults/harness';
import { post, type Answers } from '../load.ts';
import { bestAndMedian, type Measurement, type Section } from '../measurement.ts';

const CONNECTIONS = 50;
const COUNT = 40_000;
/** Alerts a second that have to be answered in time, and how often that is measured. */
const RATE = 5_000;
const ROUNDS = 5;
const RULES = '- { rule: Nothing, match: { rules: [Nothing] }, actions: [] }\n';
/** Made before anything is measured: who sends shares the machine with who is asked. */
const BODIES = Array.from({ length: COUNT }, (_, n) => alertText('Terminal shell in container', `pod-${n % 100}`, n));
const KINDS = { memory: 'in memory', sqlite: 'durable (fsync before 202)' } as const;

/**
 * Alerts a second over 50 kept-alive connections, each answered after the queue has it: as many as it can take, then 5,000 a
 * second and how long each waits, five times. Saturated, the time to an answer is the number of connections divided by the rate: it says
 * nothing more than the rate does.
 */
export const intake: Section = {
  name: 'intake',
  async run(run) {
    const results: Measurement[] = [];
    for (const queue of ['memory', 'sqlite'] as const) {
      const server = await startTalon(run, { name: queue, rules: RULES, queue });
      const load = { connections: CONNECTIONS, body: (n: number) => BODIES[n]! };
      await post(run, server.url, { ...load, perSecond: Infinity, count: COUNT / 4 });
      const full = await post(run, server.url, { ...load, perSecond: Infinity, count: COUNT });
      const paced: Answers[] = [];
      for (let round = 0; round < ROUNDS; round++)
        paced.push(await post(run, server.url, { ...load, perSecond: RATE, count: COUNT }));
      await server.stop();
      results.push(...measured(KINDS[queue], full, paced, queue === 'sqlite'));
    }
    return results;
  },
};

function measured(kind: string, full: Answers, paced: readonly Answers[], limited: boolean): readonly Measurement[] {
  const at = `intake ${kind}, ${RATE} a second asked`;
  const answered = (share: number) => paced.map(({ latencies }) => percentile(latencies, share));
  return [
    {
      name: `intake ${kind}, saturated`,
      value: full.accepted / full.seconds,
      unit: 'events/s',
      ...(limited && { limit: { kind: 'atLeast', value: RATE } as const }),
    },
    {
      name: `${at}, accepted`,
      value: Math.min(...paced.map((round) => round.accepted / round.seconds)),
      unit: 'events/s',
    },
    ...bestAndMedian(`${at}, answer p50`, answered(0.5), limited ? 5 : undefined),
    ...bestAndMedian(`${at}, answer p99`, answered(0.99), limited ? 30 : undefined),
    {
      name: `intake ${kind}, not accepted`,
      value: [full, ...paced].reduce((missing, { accepted }) => missing + COUNT - accepted, 0),
      unit: 'alerts',
      limit: { kind: 'exactly', value: 0 },
    },
  ];
}
