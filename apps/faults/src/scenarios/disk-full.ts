import { execFileSync } from 'node:child_process';
import { open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pod } from '@falco-talon/fake-kubernetes';
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
/** MiB of the disk of a full run: more than the queue may take, so that its size on disk comes first. */
const DISK = 64;
/** Alerts whose actions are under way while the disk is full. */
const UNDER_WAY = 10;
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

/** Becomes the program whose arguments follow, with a small disk of its own where its state is. */
const ON_A_SMALL_DISK = `
const mount = 'mount -t tmpfs -o size=${DISK}m none state && exec "$0" "$@"';
process.execve(process.argv[2], [process.argv[2], '-rm', 'sh', '-c', mount, process.execPath, ...process.argv.slice(3)]);
`;

/** Where the system lets everybody mount a disk of their own: its unshare. */
function unshare(): string | undefined {
  try {
    execFileSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'none', '/mnt'], { stdio: 'ignore' });
    return execFileSync('sh', ['-c', 'command -v unshare'], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}

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
    const mounts = run.size === 'full' ? unshare() : undefined;
    const { talon, fake, effects } = await startShop(run, {
      talon: {
        config: configOf(quota),
        files: { 'limit.mjs': LIMIT_PLUGIN, 'small-disk.mjs': ON_A_SMALL_DISK },
        nodeFlags: mounts === undefined ? [] : ['small-disk.mjs', mounts],
      },
    });
    const padding = 'x'.repeat(ALERT_BYTES);
    const all: Sent[] = [];
    async function send(count: number): Promise<Sender['sent']> {
      const body = (n: number) => {
        fake.create(pod({ name: `pod-${n}`, namespace: 'shop' }));
        return alertText(FALCO_RULE, `pod-${n}`, n).replace('"priority"', `"padding":"${padding}","priority"`);
      };
      const sender = startSender(run, talon.url, { perSecond: 200, count, first: all.length, body });
      await sender.done;
      all.push(...sender.sent);
      return sender.sent;
    }
    const refused = (sent: Sender['sent']) => sent.filter(({ status, said }) => status === 503 && said === 'disk');

    // First: a file that has grown before has room in it.
    const gate = fake.fault({ kind: 'hold', match: { verb: 'patch' } });
    await send(UNDER_WAY);
    await until(() => gate.count === UNDER_WAY, run.signal);
    const makeRoom = mounts === undefined ? await limitFiles(talon) : await fillDisk(talon);
    const what = mounts === undefined ? 'with files that cannot grow' : 'on a disk that is full';
    if (mounts !== undefined) run.say(`${what}: of ${DISK} MiB`);
    else if (run.size === 'short') run.say(`${what}: in a full run it is a real disk`);
    else run.leaveOut(`a disk that is full: unshare (util-linux) may not mount one here; ${what} instead`);
    await full(await send(onDisk), what);
    gate.release();
    await until(
      () => effects.changed().size === all.filter(({ outcome }) => outcome === 'accepted').length,
      run.signal,
    );
    await makeRoom();
    await recovered('there was room again');
    await talon.drained();

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
    run.expect('it never ended', !talon.log().includes('the worker of the queue ended'));
    await talon.drained();
    await talon.stop();
    const result = await account({ sent: all, lines: talon.lines() });
    sayAccount(run, result);
    run.expect(
      'every accepted alert is done, and nothing twice',
      result.done === result.accepted && effects.twice().length === 0,
    );
    run.expect('each end is told once', result.repeated.length === 0);

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

/** No file of the process may grow beyond the log of the server. Gives back what allows it again. */
async function limitFiles({ directory, pid }: Talon): Promise<() => Promise<void>> {
  const log = (await stat(join(directory, 'server.log'))).size;
  const limit = (bytes: string) => execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}`]);
  limit(`${log + GROWTH}:unlimited`);
  return async () => void limit('unlimited:unlimited');
}

/** Fills its disk, which only the process itself sees. Gives back what makes room again. */
async function fillDisk({ directory, pid }: Talon): Promise<() => Promise<void>> {
  const filler = join(`/proc/${pid}/root`, directory, 'state', 'filler');
  await using file = await open(filler, 'w');
  for (let size = GROWTH; size > 0;) {
    size = await file.write(Buffer.alloc(size)).then(
      () => size,
      // What is too much at once may be not too much in part.
      () => Math.floor(size / 2),
    );
  }
  return () => rm(filler);
}
