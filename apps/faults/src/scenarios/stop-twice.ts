import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { FakeKubernetes } from '@falco-talon/fake-kubernetes';
import { endWithThisProcess } from '@falco-talon/testkit/server';
import { LABEL_RULES, startShop, type Talon } from '../harness/index.ts';
import type { FaultRun, Scenario } from '../scenario.ts';

const LAUNCHER = fileURLToPath(import.meta.resolve('falco-talon/launcher'));

async function run(run: FaultRun): Promise<void> {
  const full = run.size === 'full';
  const shop = await startShop(run, {
    talon: { config: JSON.stringify({ deduplication: { time_window_seconds: 0 }, shutdown_grace_period: 600 }) },
    fake: { journalLimit: 1_000 },
  });
  const { fake, talon } = shop;
  const sender = shop.send({ perSecond: full ? 500 : 50 });
  await delay(500, undefined, { signal: run.signal });

  await stopTwice(run, fake, talon);
  await stopWhileReloading(run, talon, full ? 10 : 1);
  await stopWhileStarting(run, fake, talon, full ? 40 : 3);

  await talon.start();
  await sender.stop();
  await shop.settle(120_000);
  run.expect('the queue was never found damaged', !talon.log().includes('damaged'));
}

/** While no call is answered although it is carried out, so that there is something to wait for. */
async function stopTwice(run: FaultRun, fake: FakeKubernetes, talon: Talon): Promise<void> {
  const outage = fake.fault({ kind: 'no-answer', match: { method: 'PATCH' } });
  await delay(300, undefined, { signal: run.signal });
  const exited = talon.exited();
  process.kill(talon.pid, 'SIGTERM');
  await delay(1_100, undefined, { signal: run.signal });
  const again = performance.now();
  process.kill(talon.pid, 'SIGTERM');
  const code = await exited;
  run.say(`told twice, of 600 s of grace: gone ${(performance.now() - again).toFixed(0)} ms after the second time`);
  run.expect('it ends with 0 when it is told twice', code === 0);
  outage.release();
}

async function stopWhileReloading(run: FaultRun, talon: Talon, times: number): Promise<void> {
  const codes: (number | null)[] = [];
  for (let n = 0; n < times; n++) {
    await talon.start();
    const exited = talon.exited();
    await writeFile(join(talon.directory, 'rules.yaml'), `# changed ${n}\n${LABEL_RULES}`);
    process.kill(talon.pid, 'SIGHUP');
    await delay(Math.random() * 100);
    process.kill(talon.pid, 'SIGTERM');
    process.kill(talon.pid, 'SIGHUP');
    codes.push(await exited);
  }
  run.expect(
    `it ends with 0 while it reloads, ${times} times`,
    codes.every((code) => code === 0),
  );
}

/** Files of the program that may be loaded before it listens to signals: its main file, and the list of its plugins. */
const FIRST_FILES = 2;

/** Before anything is loaded, as soon as it listens to signals, or after so many milliseconds. */
type Moment = 'first' | 'listening' | number;

/**
 * Sends itself SIGTERM. Says whether anybody listened to it, and how many files were loaded when somebody began to.
 */
const killer = (when: Moment) => `
const { writeSync } = process.getBuiltinModule('node:fs');
const { registerHooks } = process.getBuiltinModule('node:module');
const say = (what) => writeSync(2, what + '\\n');
if (process.getBuiltinModule('node:worker_threads').isMainThread) {
  let files = 0;
  const load = (url, context, next) => (files += url.startsWith('file:') ? 1 : 0, next(url, context));
  registerHooks({ load });
  const stop = () => {
    say(process.listenerCount('SIGTERM') > 0 ? 'heard' : 'unheard');
    process.kill(process.pid, 'SIGTERM');
  };
  process.on('newListener', (signal) => {
    if (signal !== 'SIGTERM') return;
    say('listens ' + files);
    if (${JSON.stringify(when)} === 'listening') setImmediate(stop);
  });
  if (${JSON.stringify(when)} === 'first') stop();
  else if (${when !== 'listening'}) setTimeout(stop, ${Number(when)}).unref();
}
`;

/** Beside the one that was stopped, on its queue. Resolves with how it ended, and what it said beside its log. */
async function startKilled(run: FaultRun, talon: Talon, when: Moment) {
  const file = (name: string) => join(talon.directory, name);
  const flags = ['--import', `data:text/javascript,${encodeURIComponent(killer(when))}`];
  const args = [...flags, LAUNCHER, 'server', '-c', file('config.yaml'), '-r', file('rules.yaml')];
  const log = openSync(file('server.log'), 'a');
  const child = spawn(process.execPath, args, {
    cwd: talon.directory,
    // What it does is told there, like that of every other process on these files.
    stdio: ['ignore', log, 'pipe'],
    env: {
      ...process.env,
      FALCO_TALON_KUBECONFIG: file('kubeconfig'),
      FALCO_TALON_DATA_DIRECTORY: file('state'),
      FALCO_TALON_QUEUE_TYPE: 'sqlite',
      FALCO_TALON_LOG_FORMAT: 'json',
      FALCO_TALON_LISTEN_ADDRESS: '127.0.0.1',
      FALCO_TALON_LISTEN_PORT: '0',
    },
  });
  closeSync(log);
  endWithThisProcess(child);
  run.cleanUp(() => child.kill('SIGKILL'));
  const said = text(child.stderr!);
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  return { code, signal, said: await said };
}

/** At any moment from its first line of code on, with alerts in the queue. */
async function stopWhileStarting(run: FaultRun, fake: FakeKubernetes, talon: Talon, times: number): Promise<void> {
  const slow = fake.fault({ kind: 'latency', ms: 100 });
  const wrong: string[] = [];
  let unheard = 0;
  let files = 0;
  for (let n = 0; n < times; n++) {
    const after = Math.round((Math.random() * 1.5 + n / times) * (talon.starts[0] ?? 1_000) * 0.6);
    const when = (['first', 'listening'] as const)[n] ?? after;
    const { code, signal, said } = await startKilled(run, talon, when);
    const heard = /^heard/m.test(said);
    if (!heard) unheard++;
    files = Math.max(files, Number(/^listens (\d+)/m.exec(said)?.[1] ?? 0));
    // Before it listens the system ends it; in a container, where it is the first process, nothing does.
    const asItMust = heard ? code === 0 : signal === 'SIGTERM';
    if (!asItMust) wrong.push(`${code ?? signal}, told at ${when} (${said.replaceAll('\n', ' ').trim()})`);
  }
  slow.release();
  run.say(
    `told ${times} times while it starts, ${unheard} times before it listens, which it does when ${files} of its files are loaded`,
  );
  run.expect(
    `it ends with 0 while it starts, from when it listens on, ${times} times${wrong.length > 0 ? `, but: ${wrong.join(', ')}` : ''}`,
    wrong.length === 0,
  );
  run.expect('it listens before anything else', files > 0 && files <= FIRST_FILES);
}

export const stoppedTwice: Scenario = {
  name: 'stop-twice',
  title: 'the program is told to stop twice, while it starts and while it reloads its rules',
  run,
};
