import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { alertText } from '../alerts.ts';
import { pace } from '../load.ts';
import { residentMiB } from '../resident.ts';
import { startBenchServer } from '../server.ts';
import { FALCO_RULE, mountConfigMap, PLUGIN, ruleSet, type ConfigMap } from './rule-sets.ts';
import { inotifyWatches } from './inotify-watches.ts';
import { judge, type Verdict } from './verdict.ts';

export interface ReloadRun extends Verdict {
  readonly sent: number;
  readonly changes: number;
  /** Milliseconds each answer took. */
  readonly latencies: readonly number[];
  /** MiB of the server, each second. */
  readonly resident: readonly number[];
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
  readonly seconds: number;
  readonly rate: number;
  readonly every: number;
}): Promise<ReloadRun> {
  let configMap: ConfigMap | undefined;
  const server = await startBenchServer({
    rules: '',
    queue: 'memory',
    config: 'plugins: [./probe.mjs]\nqueue: { type: memory }\n',
    files: { 'probe.mjs': PLUGIN },
    watched: { path: 'rules', prepare: async (path) => void (configMap = await mountConfigMap(path, ruleSet(0))) },
  });
  const { rate, seconds, every } = options;
  const watches = inotifyWatches(server.pid);
  const resident: number[] = [];
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
  async function sample(): Promise<void> {
    for (; sending; await delay(1_000)) resident.push(residentMiB(server.pid));
  }
  const count = (text: string) => server.log().split(text).length - 1;
  try {
    const others = [change(), sample()];
    await send(seconds * rate);
    // On a machine that is busy with something else a few seconds may bring no change at all.
    while (count('"rules reloaded"') < FEWEST_RELOADS) await send(rate);
    sending = false;
    await Promise.all(others);
    while (count('"stage":"action"') < 2 * sent) await delay(50);
    const left = inotifyWatches(server.pid) - watches;
    await configMap?.update(ruleSet(changes + 1));
    await delay(UNTIL_READ);
    const exitCode = await server.stop();
    const verdict = judge(server.log(), await readFile(join(server.directory, 'clients.log'), 'utf8'));
    return { ...verdict, sent, changes, latencies, resident, watches: left, exitCode };
  } finally {
    sending = false;
    await server.close();
  }
}
