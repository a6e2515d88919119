import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { endWithThisProcess } from './end-with-this-process.ts';

const PROGRAM = 'nats-server';
/** Milliseconds a server may take to listen. */
const START_LIMIT = 10_000;

/** Why no server can be started; `undefined` when one can. */
export function natsMissing(): string | undefined {
  return spawnSync(PROGRAM, ['--version']).error && `${PROGRAM} is not installed (apt install ${PROGRAM})`;
}

export interface NatsServer {
  readonly port: number;
  readonly url: string;
  readonly pid: number;
  /** Stands still, as behind a cut cable, until `go`. */
  stall(): void;
  go(): void;
  /** Ends it without a word. */
  kill(): Promise<void>;
  /** Again, on the same port and files. */
  start(): Promise<void>;
  /** What the files hold at this moment, under another server: what is left when this one is killed now. */
  copy(): Promise<NatsServer>;
  /** Ends it and removes its files. */
  close(): Promise<void>;
}

const started = new Set<ChildProcess>();
const directories = new Set<string>();

/** For `afterAll`: ends what this file has started. */
export async function endNatsServers(): Promise<void> {
  for (const child of started) {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
  for (const directory of directories) await rm(directory, { recursive: true, force: true });
  directories.clear();
}

/** A server of its own with JetStream. `config` is added to its configuration file. */
export async function startNats(config = '', from?: string): Promise<NatsServer> {
  const directory = await mkdtemp(join(tmpdir(), 'nats-server-'));
  directories.add(directory);
  const store = join(directory, 'store');
  if (from !== undefined) await cp(from, store, { recursive: true });
  const running: { child?: ChildProcess } = {};
  let port = -1;
  await launch();

  async function launch(): Promise<void> {
    const file = join(directory, 'nats.conf');
    const jetstream = `listen: "127.0.0.1:${port}"\nports_file_dir: ${JSON.stringify(directory)}\njetstream: { store_dir: ${JSON.stringify(store)} }\n`;
    await writeFile(file, jetstream + config);
    for (const name of await readdir(directory)) if (name.endsWith('.ports')) await rm(join(directory, name));
    const log = join(directory, 'log');
    const starting = spawn(PROGRAM, ['-c', file, '-l', log], { stdio: 'ignore' });
    endWithThisProcess(starting);
    running.child = starting;
    started.add(starting);
    starting.once('exit', () => started.delete(starting));
    const until = performance.now() + START_LIMIT;
    for (;;) {
      const ports = (await readdir(directory)).find((name) => name.endsWith('.ports'));
      const text = ports && (await readFile(join(directory, ports), 'utf8'));
      if (text) {
        const { nats } = JSON.parse(text) as { nats: string[] };
        port = Number(new URL(nats[0] ?? '').port);
        return;
      }
      if (starting.exitCode !== null || performance.now() > until)
        throw new Error(`${PROGRAM} did not start: ${await readFile(log, 'utf8').catch(() => '')}`);
      // Its file of ports is the only sign it gives.
      await delay(10);
    }
  }

  async function kill(): Promise<void> {
    const { child } = running;
    if (!child) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    delete running.child;
  }

  return {
    get port() {
      return port;
    },
    get url() {
      return `nats://127.0.0.1:${port}`;
    },
    get pid() {
      return running.child?.pid ?? 0;
    },
    stall: () => running.child?.kill('SIGSTOP'),
    go: () => running.child?.kill('SIGCONT'),
    kill,
    start: launch,
    copy: () => startNats(config, store),
    async close() {
      await kill();
      await rm(directory, { recursive: true, force: true });
      directories.delete(directory);
    },
  };
}
