import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { alertText } from '@falco-talon/testkit/server';
import { pace } from '../load.ts';
import { startBenchServer } from '../server.ts';
import { FALCO_RULE, mountConfigMap, PLUGIN, ruleSet, type ConfigMap } from './rule-sets.ts';
import { inotifyWatches } from './inotify-watches.ts';
import { judge, type Verdict } from './verdict.ts';

export interface ReloadRun extends Verdict {
  readonly sent: number;
  readonly changes: number;
  /** Milliseconds each answer took. */
  readonly latencies: readonly number[];
  /** The same before the rules changed at all. */
  readonly quiet: readonly number[];
  /** MiB in use after a collection, every 2 s. */
  readonly heap: readonly number[];
  /** Watches of the kernel at the end, beyond those at the start. */
  readonly watches: number;
  /** Exit code after SIGTERM in the middle of a change. */
  readonly exitCode: number | null;
}

/** Connections: a machine that is busy with something else makes answers late, which is no reason to give up. */
const OPEN = 300;
/** Each shows the rule set before it and the one after it at work. */
const FEWEST_RELOADS = 3;
/** From a change to the middle of reading it. Milliseconds. */
const UNTIL_READ = 120;

/** Sends alerts to the real server while its rules change, one change in three to something invalid. */
export async function runReloads(options: {
  /** Seconds without and with changes. */
  readonly before: number;
  readonly seconds: number;
  readonly rate: number;
  readonly every: number;
}): Promise<ReloadRun> {
  let configMap: ConfigMap | undefined;
  const server = await startBenchServer({
    rules: '',
    queue: 'memory',
    config: 'plugins: [./probe.mjs]\nqueue: { type: memory }\n',
    files: { 'probe.mjs': PLUGIN, 'heap.log': '' },
    nodeFlags: ['--expose-gc'],
    watched: { path: 'rules', prepare: async (path) => void (configMap = await mountConfigMap(path, ruleSet(0))) },
  });
  const { rate, before, seconds, every } = options;
  const watches = inotifyWatches(server.pid);
  const latencies: number[] = [];
  let sending = true;
  let sent = 0;
  let changes = 0;
  async function send(count: number): Promise<void> {
    const first = sent;
    const body = (n: number) => alertText(FALCO_RULE, `pod-${n % 100}`, first + n);
    latencies.push(...(await pace(server.url, rate, count, body, OPEN)));
    sent += count;
  }
  async function change(): Promise<void> {
    for (const startedAt = performance.now(); sending;) {
      await delay(Math.max(0, startedAt + (changes + 1) * every - performance.now()));
      await configMap?.update(ruleSet(++changes));
    }
  }
  const count = (text: string) => server.log().split(text).length - 1;
  try {
    await send(before * rate);
    const quiet = latencies.splice(0);
    const changing = change();
    await send(seconds * rate);
    // On a machine that is busy with something else a few seconds may bring no change at all.
    while (count('"rules reloaded"') < FEWEST_RELOADS) await send(rate);
    sending = false;
    await changing;
    while (count('"stage":"action"') < 2 * sent) await delay(50);
    const left = inotifyWatches(server.pid) - watches;
    await configMap?.update(ruleSet(changes + 1));
    await delay(UNTIL_READ);
    const exitCode = await server.stop();
    const written = (name: string) => readFile(join(server.directory, name), 'utf8');
    const verdict = judge(server.log(), await written('clients.log'));
    const heap = (await written('heap.log'))
      .trim()
      .split('\n')
      .map((bytes) => Number(bytes) / 1024 / 1024);
    return { ...verdict, sent, changes, latencies, quiet, heap, watches: left, exitCode };
  } finally {
    sending = false;
    await server.close();
  }
}
