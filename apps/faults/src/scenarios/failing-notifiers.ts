import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { percentile, watchResident } from '@falco-talon/testkit/server';
import {
  account,
  CONTAINER_HEAP,
  FALCO_RULE,
  sayAccount,
  startShop,
  until,
  watchRequests,
  type Sender,
} from '../harness/index.ts';
import { startReceivers } from '../notify/receivers.ts';
import { RECEIVERS, type ReceiverName } from '../notify/webhooks.ts';
import type { FaultRun, Scenario } from '../scenario.ts';

const CALM = 'Calm';
const ACTIONS =
  'actions: [{ action: label, actionner: kubernetes:label, parameters: { labels: { analysis/status: suspicious } } }]';
const SIZES = {
  // More than may wait for one notifier, and for longer than they wait.
  full: { perSecond: 100, alone: 2_000, count: 4_000 },
  short: { perSecond: 20, alone: 10, count: 30 },
} as const;
/** Notifications that may wait for all notifiers together, attempts of each, and milliseconds a call has. */
const WAITING = 10_000;
const ATTEMPTS = 5;
const DEADLINE = 10_000;
/** Milliseconds within which everybody is told who can be. */
const SOON = 90_000;
/** Calls a receiver gets before it is left alone, and those on their way then. */
const BEFORE = 5 + 4;

function config(urls: Readonly<Record<ReceiverName, string>>, grace: number): string {
  const packages = ['actionner-kubernetes', 'guard-kubernetes', 'queue-sqlite'].map((name) => `@falco-talon/${name}`);
  return JSON.stringify({
    plugins: [...packages, fileURLToPath(import.meta.resolve('../notify/webhooks.ts'))],
    notifiers: Object.fromEntries(RECEIVERS.map((name) => [name, { url: urls[name] }])),
    deduplication: { time_window_seconds: 0 },
    watch_rules: false,
    shutdown_grace_period: grace,
  });
}

async function run(run: FaultRun): Promise<void> {
  const full = run.size === 'full';
  const { perSecond, alone, count } = SIZES[run.size];
  const { of, urls } = await startReceivers(run);
  const failing = RECEIVERS.filter((name) => name !== 'answers');
  const { talon, fake, send, sent } = await startShop(run, {
    talon: {
      nodeFlags: CONTAINER_HEAP,
      rules: `
- { rule: Calm, match: { rules: [${CALM}] }, notifiers: [answers], ${ACTIONS} }
- { rule: All, match: { rules: [${FALCO_RULE}] }, notifiers: [${RECEIVERS.join(', ')}], ${ACTIONS} }
`,
      // What nobody can be told is given up when it is over.
      config: config(urls, full ? 30 : 2),
    },
  });
  const resident = watchResident(talon.pid);
  const requests = watchRequests(fake);
  const first = (n: number) => requests.byObject.get(`pod-${n}`)?.[0]?.at;
  /** Milliseconds from each alert to its first call, the 99th of a hundred. */
  async function p99({ sent, done }: Sender): Promise<number> {
    await done;
    const soon = AbortSignal.any([run.signal, AbortSignal.timeout(SOON)]);
    await until(() => sent.every(({ n }) => first(n) !== undefined), soon);
    return percentile(
      sent.map(({ n, at }) => first(n)! - at),
      0.99,
    );
  }
  const all: (typeof sent)[number][] = [];
  const load = (size: number, rule: string) => {
    const sender = send({ perSecond, count: size }, undefined, rule);
    return sender.done.then(() => {
      all.push(...sender.sent);
      return sender;
    });
  };
  const before = await p99(await load(alone, CALM));
  const from = performance.now();
  const beside = await p99(await load(count, FALCO_RULE));
  run.say(`p99 of the first call: ${before.toFixed(1)} ms, ${beside.toFixed(1)} ms while five of six receivers fail`);
  if (full) run.expect('the way to the action is not slower by 5 % and a millisecond', beside <= before * 1.05 + 1);
  const soon = AbortSignal.any([run.signal, AbortSignal.timeout(SOON)]);
  await until(() => of('answers').calls.size === alone + count, soon).catch(() => {});
  run.expect('the receiver that answers is told everything, once', timesIn(of('answers').calls).join() === '1');
  run.expect('and of every alert', of('answers').calls.size === alone + count);

  const share = WAITING / RECEIVERS.length;
  const early = await talon.metrics();
  if (full) await talon.drained(6 * 60_000);
  // The text of the metrics is kept for a moment.
  await delay(400, undefined, { signal: run.signal });
  const metrics = await talon.metrics();
  const memory = resident();
  await talon.stop();
  const left = await leftAlone(talon.lines());
  const seconds = (performance.now() - from) / 1000;
  for (const name of failing) {
    const { calls } = of(name);
    const asked = [...calls.values()].reduce((sum, times) => sum + times, 0);
    const counted = (status: string) => metrics.value('notifications_total', { notifier: name, status });
    const [success, failure, dropped] = [counted('success'), counted('failure'), counted('dropped')];
    run.say(`${name}: ${asked} calls; told ${success}, given up ${failure}, dropped ${dropped}`);
    run.expect(`${name}: at most ${ATTEMPTS} calls about one alert`, Math.max(0, ...timesIn(calls)) <= ATTEMPTS);
    // Left alone for 1, 2, 4, 8, 16, then 30 s each time.
    const tries = BEFORE + Math.ceil(Math.log2(1 + Math.min(seconds, 31))) + Math.ceil(Math.max(0, seconds - 31) / 30);
    run.expect(`${name}: at most ${tries} calls in ${seconds.toFixed(0)} s`, asked <= tries);
    if (name !== 'hangs' || full) run.expect(`${name}: left alone, which is said once`, left.get(name) === 1);
    if (!full) continue;
    run.expect(`${name}: every notification is counted`, success === 0 && failure + dropped === count);
    const atOnce = early.value('notifications_total', { notifier: name, status: 'dropped' });
    run.expect(`${name}: what does not fit in its share of the queue is dropped`, atOnce >= count - share - BEFORE);
  }
  if (full) {
    const { givenUp } = of('hangs');
    const [least, most] = [Math.min(...givenUp), Math.max(...givenUp)];
    run.say(`a call that hangs was given up after ${least.toFixed(0)} to ${most.toFixed(0)} ms`);
    run.expect('a call has 10 s', givenUp.length > 0 && least > 0.95 * DEADLINE && most < 1.2 * DEADLINE);
  }
  run.say(`highest resident memory ${memory.toFixed(0)} MiB`);
  if (full) run.expect('never more than 350 MiB', memory <= 350);
  sayAccount(run, await account({ sent: all, lines: talon.lines() }));
}

const timesIn = (calls: ReadonlyMap<string, number>) => [...new Set(calls.values())];

/** How often it was said of each notifier. */
async function leftAlone(lines: AsyncIterable<{ readonly message: string }>): Promise<ReadonlyMap<unknown, number>> {
  const times = new Map<unknown, number>();
  for await (const line of lines) {
    if (line.message !== 'notifier left alone for a while') continue;
    const { notifier } = line as { readonly notifier?: unknown };
    times.set(notifier, (times.get(notifier) ?? 0) + 1);
  }
  return times;
}

export const failingNotifiers: Scenario = {
  name: 'failing-notifiers',
  title:
    'of six receivers of notifications one answers 429, one 500, one resets, one hangs, one has a name nobody resolves',
  run,
};
