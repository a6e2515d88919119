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
  const count = options.seconds * options.rate;
  const watches = inotifyWatches(server.pid);
  const resident: number[] = [];
  let sending = true;
  let changes = 0;
  async function change(): Promise<void> {
    for (const startedAt = performance.now(); sending;) {
      await delay(Math.max(0, startedAt + (changes + 1) * options.every - performance.now()));
      await configMap?.update(ruleSet(++changes));
    }
  }
  async function sample(): Promise<void> {
    for (; sending; await delay(1_000)) resident.push(residentMiB(server.pid));
  }
  const others = [change(), sample()];
  const latencies = await pace(server.url, options.rate, count, (n) => alertText(FALCO_RULE, `pod-${n % 100}`, n));
  sending = false;
  await Promise.all(others);
  while (server.log().split('"stage":"action"').length - 1 < 2 * count) await delay(50);
  const watchesLeft = inotifyWatches(server.pid) - watches;
  await configMap?.update(ruleSet(changes + 1));
  const exitCode = await server.stop();
  const verdict = judge(server.log(), await readFile(join(server.directory, 'clients.log'), 'utf8'));
  await server.close();
  return { ...verdict, sent: count, changes, latencies, resident, watches: watchesLeft, exitCode };
}
