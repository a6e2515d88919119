import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { alertText } from '@falco-talon/testkit/server';
import { account, sayAccount, startSender, startTalon, until, type Talon } from '../harness/index.ts';
import type { Scenario } from '../scenario.ts';

const LAUNCHER = fileURLToPath(import.meta.resolve('falco-talon/launcher'));
/** So many that all of a target's are delivered, and planned, although one is acted on at a time. */
const TARGETS = { full: 40, short: 20 } as const;
/** Letters beyond what the box takes. */
const SURPLUS = 10;

/** Two steps; the second waits for a file. A parameter that is required makes plans of before unreadable. */
const plugin = (parameters: object) => `
import { appendFileSync, existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
const rest = {
  kind: 'actionner', apiVersion: 1, description: 'd', stability: 'alpha', sources: 'any', continue: true, output: 'none',
  idempotent: true, permissions: [], examples: [{ description: 'd', parameters: {} }], timeLimit: () => 600_000,
  parameters: ${JSON.stringify({ type: 'object', additionalProperties: false, properties: {}, ...parameters })},
  target: ({ event }) => ({ kind: 'pod', namespace: 'shop', name: event.fields.get('k8s.pod.name') }),
};
const did = (step, { event }) => {
  appendFileSync('did', [step, event.fields.get('k8s.pod.name'), event.fields.get('proc.cmdline').split(' ').at(-1)].join(' ') + '\\n');
  return { status: 'success', message: step };
};
export default { kind: 'plugin', apiVersion: 1, name: 'probe', category: 'probe', actionners: [
  { ...rest, name: 'mark', run: async (context) => did('mark', context) },
  { ...rest, name: 'wait', run: async (context) => {
    while (!existsSync('go')) await setTimeout(20, undefined, { signal: context.signal });
    return did('wait', context);
  } },
] };
`;
const OF_NOW = plugin({});
const OF_LATER = plugin({ properties: { level: { type: 'integer' } }, required: ['level'] });
/** `parameters` of both actions. */
const rules = (parameters: string) => `
- rule: Redrive
  match: { rules: [Redrive] }
  actions:
    - { action: first, actionner: probe:mark, parameters: ${parameters} }
    - { action: second, actionner: probe:wait, parameters: ${parameters} }
`;

export const redrive: Scenario = {
  name: 'redrive',
  title: 'the box of dead letters overflows; what is in it is put back in line at once',
  async run(run) {
    const targets = TARGETS[run.size];
    const box = run.size === 'full' ? 1_000 : 50;
    const count = box + SURPLUS;
    const talon = await startTalon(run, {
      rules: rules('{}'),
      config: `deduplication: { time_window_seconds: 0 }
watch_rules: false
plugins: ["@falco-talon/queue-sqlite", ./probe.mjs]
queue: { sqlite: { max_dead: ${box} } }
limits: { in_flight: 5000, concurrency: 5000, long_concurrency: 5000 }
`,
      files: { 'probe.mjs': OF_NOW },
    });
    const sender = startSender(run, talon.url, {
      perSecond: 300,
      count,
      // One after the other: their order is that of their numbers.
      connections: 1,
      body: (n) => alertText('Redrive', `pod-${n % targets}`, n),
    });
    await sender.done;
    await until(async () => (await did(talon)).length >= targets, run.signal);
    // Those without a plan would be planned anew by the rules of later. Plans are written in order with the alerts: when one
    // that came later is accepted, they are on disk.
    await until(async () => (await planned(talon)) === count, run.signal);
    await fetch(talon.url, { method: 'POST', body: alertText('Nothing', 'pod', count), signal: run.signal });
    await talon.kill();
    const done = await did(talon);

    // A release whose actionner wants what the plans do not have sets all of them aside.
    await writeFile(join(talon.directory, 'probe.mjs'), OF_LATER);
    await writeFile(join(talon.directory, 'rules.yaml'), rules('{ level: 1 }'));
    await talon.start();
    // What was begun when the process was killed is looked at a few at a time.
    await talon.drained(15 * 60_000);
    const metrics = await talon.metrics();
    const deleted = metrics.value('dead_letters_deleted_total', { reason: 'room' });
    const { dead } = metrics.queue();
    run.say(`${count} alerts set aside, room for ${box}: ${dead} rest, the ${deleted} oldest were deleted and counted`);
    run.expect('the box holds what it may and counts the rest', dead === box && deleted === SURPLUS);
    await talon.stop();

    await writeFile(join(talon.directory, 'probe.mjs'), OF_NOW);
    await writeFile(join(talon.directory, 'rules.yaml'), rules('{}'));
    await writeFile(join(talon.directory, 'go'), '');
    await talon.start();
    const since = performance.now();
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [LAUNCHER, 'dead-letter', 'retry', '--all', '-c', 'config.yaml'],
      {
        cwd: talon.directory,
        env: {
          ...process.env,
          FALCO_TALON_DATA_DIRECTORY: join(talon.directory, 'state'),
          FALCO_TALON_QUEUE_TYPE: 'sqlite',
        },
      },
    );
    await talon.drained();
    run.say(
      `${stdout.trim()}; all worked off ${((performance.now() - since) / 1000).toFixed(1)} s after the command began`,
    );
    const after = await did(talon);
    const ends = after.filter(({ step }) => step === 'wait');
    run.expect(
      'every letter came to its end, once',
      ends.length === box && new Set(ends.map(({ n }) => n)).size === box,
    );
    const marks = after.filter(({ step }) => step === 'mark').map(({ n }) => n);
    run.expect(`of ${done.length} steps done before none was done again`, new Set(marks).size === marks.length);
    run.expect('in order for each target', inOrder(ends));
    run.expect('nothing is left', (await talon.metrics()).queue().dead === 0);
    await talon.stop();
    const ended = new Set(ends.map(({ n }) => n));
    // The line of a first step may have been lost with the process that was killed.
    const evidence = { steps: 2, killed: true, hasEffect: ({ n }: { readonly n: number }) => ended.has(n) };
    const result = await account({ sent: sender.sent, lines: talon.lines(), ...evidence });
    sayAccount(run, result);
    run.expect('nothing but what the box had no room for is a dead letter', result.dead === SURPLUS);
  },
};

/** Alerts whose plans were handed to the queue before the line about them was written. */
async function planned(talon: Talon): Promise<number> {
  let count = 0;
  for await (const line of talon.lines()) if (line.message === 'match') count++;
  return count;
}

interface Did {
  readonly step: string;
  readonly target: string;
  readonly n: number;
}

async function did({ directory }: Talon): Promise<readonly Did[]> {
  const text = await readFile(join(directory, 'did'), 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [step = '', target = '', n = ''] = line.split(' ');
      return { step, target, n: Number(n) };
    });
}

function inOrder(all: readonly Did[]): boolean {
  const last = new Map<string, number>();
  return all.every(({ target, n }) => {
    const before = last.get(target) ?? -1;
    last.set(target, n);
    return n > before;
  });
}
