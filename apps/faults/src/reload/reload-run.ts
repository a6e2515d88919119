import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { alertText } from '@falco-talon/testkit/server';
import { startSender, startTalon, until, type Sent, type Talon } from '../harness/index.ts';
import type { FaultRun } from '../scenario.ts';
import { inotifyWatches } from './inotify-watches.ts';
import { FALCO_RULE, isValid, mountConfigMap, PLUGIN, ruleSet } from './rule-sets.ts';
import { judge, type Verdict } from './verdict.ts';

export interface ReloadRun extends Verdict {
  readonly talon: Talon;
  readonly sent: readonly Sent[];
  readonly changes: number;
  /** Milliseconds each answer took, while the rules changed and before. */
  readonly latencies: readonly number[];
  readonly quiet: readonly number[];
  /** MiB in use after a collection, every 2 s. */
  readonly heap: readonly number[];
  /** Watches of the kernel at the end, beyond those at the start. */
  readonly watches: number;
  /** What the metric said of the last reload: after an invalid change, then after a valid one. */
  readonly lastGood: readonly number[];
  /** Exit code after SIGTERM in the middle of a change. */
  readonly exitCode: number | null;
}

/** Each shows the rule set before it and the one after it at work. */
const FEWEST_RELOADS = 3;
/** From a change to the middle of reading it. Milliseconds. */
const UNTIL_READ = 120;
/** Milliseconds until a change must be in force, or refused. */
const IN_FORCE = 10_000;

/** Sends alerts to the program while its rules change, one change in three to something invalid. */
export async function runReloads(
  run: FaultRun,
  load: {
    /** Seconds without and with changes. */
    readonly before: number;
    readonly seconds: number;
    readonly rate: number;
    /** Milliseconds from one change to the next. */
    readonly every: number;
  },
): Promise<ReloadRun> {
  const directory = join(run.directory, 'talon');
  await mkdir(directory);
  const configMap = await mountConfigMap(join(directory, 'rules'), ruleSet(0));
  const talon = await startTalon(run, {
    rules: '',
    rulesPath: 'rules',
    config: 'plugins: ["@falco-talon/queue-sqlite", ./probe.mjs]\ndeduplication: { time_window_seconds: 0 }\n',
    files: { 'probe.mjs': PLUGIN, 'heap.log': '' },
    nodeFlags: ['--expose-gc'],
  });
  const { rate, before, seconds, every } = load;
  const watches = inotifyWatches(talon.pid);
  const sent: Sent[] = [];
  let changes = 0;

  /** Resolves with the milliseconds each answer took. */
  async function send(count: number): Promise<readonly number[]> {
    const body = (n: number) => alertText(FALCO_RULE, `pod-${n % 100}`, n);
    const sender = startSender(run, talon.url, { perSecond: rate, count, first: sent.length, body });
    await sender.done;
    sent.push(...sender.sent);
    return sender.sent.map(({ took }) => took);
  }
  async function change(signal: AbortSignal): Promise<void> {
    const startedAt = performance.now();
    while (!signal.aborted) {
      await delay(Math.max(0, startedAt + (changes + 1) * every - performance.now()), undefined, { signal }).catch(
        () => {},
      );
      await configMap.update(ruleSet(++changes));
    }
  }
  /** Changes the rules once more, and waits until the metric tells whether they are in force. */
  async function lastGood(valid: boolean): Promise<number> {
    do changes++;
    while (isValid(changes) !== valid);
    await configMap.update(ruleSet(changes));
    const read = async () => (await talon.metrics()).value('rules_last_reload_successful');
    const soon = AbortSignal.any([run.signal, AbortSignal.timeout(IN_FORCE)]);
    await until(async () => (await read()) === Number(valid), soon).catch(() => run.signal.throwIfAborted());
    return read();
  }

  const reloads = async () => (await talon.metrics()).value('rule_reloads_total', { result: 'success' });

  const quiet = await send(before * rate);
  const latencies: number[] = [];
  const changing = new AbortController();
  const changed = change(AbortSignal.any([changing.signal, run.signal]));
  try {
    latencies.push(...(await send(seconds * rate)));
    // On a machine that is busy with something else a few seconds may bring no change at all.
    while ((await reloads()) < FEWEST_RELOADS) latencies.push(...(await send(rate)));
  } finally {
    changing.abort();
    await changed;
  }
  await talon.drained();
  const told = [await lastGood(false), await lastGood(true)];
  const left = inotifyWatches(talon.pid) - watches;
  await configMap.update(ruleSet(changes + 1));
  await delay(UNTIL_READ);
  const exitCode = await talon.stop();
  const written = (name: string) => readFile(join(directory, name), 'utf8');
  const heap = (await written('heap.log')).trim().split('\n');
  return {
    ...judge(talon.log(), await written('clients.log')),
    talon,
    sent,
    changes,
    latencies,
    quiet,
    heap: heap.map((bytes) => Number(bytes) / 1024 / 1024),
    watches: left,
    lastGood: told,
    exitCode,
  };
}
