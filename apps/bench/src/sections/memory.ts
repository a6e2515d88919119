import { setTimeout as delay } from 'node:timers/promises';
import { alertText } from '@falco-talon/testkit/server';
import { flood } from '../load.ts';
import type { Section } from '../measurement.ts';
import { residentMiB } from '@falco-talon/testkit/server';
import { startBenchServer } from '../server.ts';

const EVENTS = 100_000;
const SETTLE = 2_000;

/** Resident memory of the server, idle and after 100,000 events through the durable queue. */
export const memory: Section = {
  name: 'memory',
  async run() {
    const rules = '- { rule: Nothing, match: { rules: [Nothing] }, actions: [] }\n';
    const server = await startBenchServer({ rules, queue: 'sqlite' });
    await delay(SETTLE);
    const idle = residentMiB(server.pid);
    await flood(server.url, EVENTS, 50, (n) => alertText('Terminal shell in container', `pod-${n % 100}`, n));
    await delay(SETTLE);
    const after = residentMiB(server.pid);
    await server.close();
    return [
      { name: 'resident memory, idle', value: idle, unit: 'MiB', limit: { kind: 'atMost', value: 200 } },
      {
        name: 'resident memory after 100,000 events',
        value: after,
        unit: 'MiB',
        limit: { kind: 'atMost', value: 350 },
      },
    ];
  },
};
