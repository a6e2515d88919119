import { percentile, type Section } from '../measurement.ts';
import { runReloads } from '../reload/reload-run.ts';

const SECONDS = 60;
const RATE = 300;
const EVERY = 200;
/** Samples of the resident memory, one a second, that are compared: after the start, and at the end. */
const SAMPLES = 10;
const WARM_UP = 15;

/** A minute of 300 alerts a second while the rules change every 200 ms, one change in three to something invalid. */
export const reload: Section = {
  name: 'reload',
  async run() {
    const run = await runReloads({ seconds: SECONDS, rate: RATE, every: EVERY });
    for (const problem of run.wrong.slice(0, 10)) process.stdout.write(`  ${problem}\n`);
    const { resident } = run;
    const growth =
      percentile(resident.slice(-SAMPLES), 0.5) - percentile(resident.slice(WARM_UP, WARM_UP + SAMPLES), 0.5);
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
      {
        name: 'answers, p99',
        value: percentile(run.latencies, 0.99),
        unit: 'ms',
        limit: { kind: 'atMost', value: 150 },
      },
      { name: 'clients created', value: run.clients, unit: 'clients', limit: { kind: 'atLeast', value: 2 } },
      { name: 'clients open at once, beyond one', value: run.clientsTooMany, unit: 'clients', limit: exactly(0) },
      { name: 'clients never closed', value: run.clientsLeft, unit: 'clients', limit: exactly(0) },
      { name: 'file watches left over', value: run.watches, unit: 'watches', limit: exactly(0) },
      {
        name: 'resident memory, last 10 s against 15 to 25 s',
        value: growth,
        unit: 'MiB',
        limit: { kind: 'atMost', value: 30 },
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
