import { setTimeout as delay } from 'node:timers/promises';
import { CONTAINER_HEAP, startTalon } from '@falco-talon/faults/harness';
import { alertText, residentMiB } from '@falco-talon/testkit/server';
import { post } from '../load.ts';
import type { Section } from '../measurement.ts';

const EVENTS = 100_000;
const SETTLE = 2_000;

/** Resident memory of the server, idle and after 100,000 events through the durable queue. */
export const memory: Section = {
  name: 'memory',
  async run(run) {
    const rules = '- { rule: Nothing, match: { rules: [Nothing] }, actions: [] }\n';
    const server = await startTalon(run, { rules, nodeFlags: CONTAINER_HEAP });
    await delay(SETTLE);
    const idle = residentMiB(server.pid);
    const body = (n: number) => alertText('Terminal shell in container', `pod-${n % 100}`, n);
    const { accepted } = await post(run, server.url, { perSecond: Infinity, count: EVENTS, body });
    await delay(SETTLE);
    const after = residentMiB(server.pid);
    return [
      { name: 'events accepted', value: accepted, unit: 'events', limit: { kind: 'exactly', value: EVENTS } },
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
