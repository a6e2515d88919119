import { percentile } from '@falco-talon/testkit/server';
import type { Section } from '../measurement.ts';
import { runReloads } from '../reload/reload-run.ts';

const BEFORE = 10;
const SECONDS = 60;
const RATE = 300;
const EVERY = 200;
/** Samples of the memory in use, one every 2 s, that are compared: the first ones under changes, and the last ones. */
const SAMPLES = 5;
const WARM_UP = 10;

/** A minute of 300 alerts a second while the rules change every 200 ms, one change in three to something invalid. */
export const reload: Section = {
  name: 'reload',
  async run() {
    const run = await runReloads({ before: BEFORE, seconds: SECONDS, rate: RATE, every: EVERY });
    for (const problem of run.wrong.slice(0, 10)) process.stdout.write(`  ${problem}\n`);
    const median = (samples: readonly number[]) => percentile(samples, 0.5);
    const growth = median(run.heap.slice(-SAMPLES)) - median(run.heap.slice(WARM_UP, WARM_UP + SAMPLES));
    const p95 = percentile(run.latencies, 0.95);
    const exactly = (value: number) => ({ kind: 'exactly', value }) as const;
    return [
      { name: 'events judged', value: run.events, unit: 'events', limit: exactly(run.sent) },
      {
        name: 'not judged by exactly one complete, valid rule set',
        value: run.wrong.length,
        unit: 'events',
        limit: exactly(0),
      },
      { name: 'changes of the rules', value: run.changes, unit: 'changes' },
      {
        name: 'rule sets that judged events',
        value: run.versions,
        unit: 'sets',
        limit: { kind: 'atLeast', value: 20 },
      },
      { name: 'reloads refused', value: run.refusals, unit: 'reloads', limit: { kind: 'atLeast', value: 5 } },
      { name: 'answers while rules change, p95', value: p95, unit: 'ms' },
      {
        name: 'the same against answers while they do not',
        value: p95 / percentile(run.quiet, 0.95),
        unit: '×',
        limit: { kind: 'atMost', value: 3 },
      },
      { name: 'clients created', value: run.clients, unit: 'clients', limit: { kind: 'atLeast', value: 2 } },
      { name: 'clients open at once, beyond one', value: run.clientsTooMany, unit: 'clients', limit: exactly(0) },
      { name: 'clients never closed', value: run.clientsLeft, unit: 'clients', limit: exactly(0) },
      { name: 'file watches left over', value: run.watches, unit: 'watches', limit: exactly(0) },
      {
        name: 'memory in use, the last 10 s against the second 10 s',
        value: growth,
        unit: 'MiB',
        limit: { kind: 'atMost', value: 10 },
      },
      {
        name: 'exit code of SIGTERM in the middle of a reload',
        value: run.exitCode ?? NaN,
        unit: '',
        limit: exactly(0),
      },
    ];
  },
};
