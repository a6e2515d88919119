import { execFileSync } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { alertText } from '@falco-talon/testkit/server';
import {
  account,
  FALCO_RULE,
  sayAccount,
  startSender,
  startShop,
  until,
  type Sender,
  type Sent,
  type Talon,
} from '../harness/index.ts';
import type { Scenario } from '../scenario.ts';

/** What each alert takes of the queue. */
const ALERT_BYTES = 100_000;
/**
 * Megabytes the queue may have; alerts that take more than 80 % of them, and less than the 90 % from which on alerts are
 * refused; alerts that are too many then; and on a disk that takes no more.
 */
const SIZES = {
  full: { quota: 20, nearlyFull: 175, beyond: 40, onDisk: 60 },
  short: { quota: 10, nearlyFull: 85, beyond: 40, onDisk: 60 },
} as const;
/** Milliseconds after which alerts must be taken again. */
const RECOVERY = 5_000;
/** Bytes a file may grow beyond the log of the server. */
const GROWTH = 2 ** 20;

const configOf = (quota: number) => `deduplication: { time_window_seconds: 0 }
watch_rules: false
plugins: ["@falco-talon/actionner-kubernetes", "@falco-talon/queue-sqlite", ./limit.mjs]
queue: { sqlite: { max_megabytes: ${quota} } }
`;
/** The system ends a process that writes beyond its limit unless it has said that it looks at the error. */
const LIMIT_PLUGIN = `process.on('SIGXFSZ', () => {});
export default { kind: 'plugin', apiVersion: 1, name: 'limit', category: 'limit' };
`;

export const diskFull: Scenario = {
  name: 'disk-full',
  title:
    'the queue reaches its size on disk, then the disk itself takes no more; alerts are refused until there is room',
  missing() {
    try {
      execFileSync('prlimit', ['--version'], { stdio: 'ignore' });
      return undefined;
    } catch {
      return 'there is no prlimit (util-linux) to limit what a process may write';
    }
  },
  async run(run) {
    const { quota, nearlyFull, beyond, onDisk } = SIZES[run.size];
    const { talon, fake } = await startShop(run, {
      talon: { config: configOf(quota), files: { 'limit.mjs': LIMIT_PLUGIN } },
    });
    const padding = 'x'.repeat(ALERT_BYTES);
    const all: Sent[] = [];
    async function send(count: number): Promise<Sender['sent']> {
      const body = (n: number) =>
        alertText(FALCO_RULE, 'cart', n).replace('"priority"', `"padding":"${padding}","priority"`);
      const sender = startSender(run, talon.url, { perSecond: 200, count, first: all.length, body });
      await sender.done;
      all.push(...sender.sent);
      return sender.sent;
    }
    const refused = (sent: Sender['sent']) => sent.filter(({ status, said }) => status === 503 && said === 'disk');

    const silence = fake.fault({ kind: 'hang' });
    const before = await send(nearlyFull);
    run.expect(
      'nothing is refused before it is full',
      before.every(({ outcome }) => outcome === 'accepted'),
    );
    await until(async () => (await talon.metrics()).value('storage_low', { store: 'queue' }) === 1, run.signal);
    run.expect('it warns before it is full', talon.log().includes('storage is nearly full'));
    await full(await send(beyond), 'at its size on disk');
    silence.release();
    await talon.drained();
    await recovered('the alerts inside were worked off');

    const log = (await stat(join(talon.directory, 'server.log'))).size;
    limit(talon, `${log + GROWTH}:unlimited`);
    await full(await send(onDisk), 'on a disk that takes no more');
    limit(talon, 'unlimited:unlimited');
    await recovered('there was room again');
    run.expect('it never ended', !talon.log().includes('the worker of the queue ended'));
    await talon.drained();
    await talon.stop();
    sayAccount(run, await account({ sent: all, lines: talon.lines() }));

    async function full(sent: Sender['sent'], when: string): Promise<void> {
      const count = refused(sent).length;
      run.say(`${when}: ${count} of ${sent.length} alerts were answered 503 (disk)`);
      const soon = AbortSignal.any([run.signal, AbortSignal.timeout(RECOVERY)]);
      const counted = until(async () => {
        const labels = { status: '503', reason: 'disk' };
        return (await talon.metrics()).value('requests_refused_total', labels) >= count;
      }, soon);
      run.expect(`${when}: alerts are refused and counted`, count > 0 && (await holds(counted)));
      const told = until(async () => {
        const ready = await fetch(new URL('/readyz', talon.url));
        return ready.status === 503 && (await ready.text()).includes('"queue"');
      }, soon);
      run.expect(`${when}: readiness names the queue`, await holds(told));
    }

    async function recovered(when: string): Promise<void> {
      const since = performance.now();
      await until(async () => (await send(1)).every(({ outcome }) => outcome === 'accepted'), run.signal);
      await until(async () => (await fetch(new URL('/readyz', talon.url))).status === 200, run.signal);
      const took = performance.now() - since;
      run.say(`${took.toFixed(0)} ms after ${when} alerts were taken again, and it was ready`);
      run.expect(`it recovers in under ${RECOVERY / 1000} s`, took < RECOVERY);
    }
  },
};

/** False when it did not come in time. */
function holds(waiting: Promise<void>): Promise<boolean> {
  return waiting.then(
    () => true,
    () => false,
  );
}

function limit({ pid }: Talon, bytes: string): void {
  execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}`]);
}
