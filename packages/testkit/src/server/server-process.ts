import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { endWithThisProcess } from './end-with-this-process.ts';

const START_LIMIT = 60_000;

export interface ServerProcessOptions {
  /** Arguments of Node: flags, the program, its arguments. */
  readonly args: readonly string[];
  readonly cwd: string;
  /** Added to the environment of this process. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where its output goes; appended to. */
  readonly logFile: string;
  /** The one it must listen on, for a restart; a free one when absent. */
  readonly port?: number;
  /** Until when its start is waited for: `/healthz` where the cluster does not answer. Default `/readyz`. */
  readonly until?: '/healthz' | '/readyz';
}

/** A Falco Talon in a process of its own, listening on loopback. */
export interface ServerProcess {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** When the process was started, by `performance.now`. */
  readonly startedAt: number;
  /** Milliseconds from then until it said that it is ready, or what else was waited for. */
  readonly startedIn: number;
  /** What it logged so far. */
  log(): string;
  /** Ends it as a cluster would; resolves with its exit code. */
  stop(): Promise<number | null>;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
  /** Resolves when it ended by itself, with its exit code or null for a signal. */
  readonly exited: Promise<number | null>;
}

/** Resolves when it is ready, or what else is waited for. @throws Error with the log when the process ends or does not become so in a minute */
export async function startServerProcess(options: ServerProcessOptions): Promise<ServerProcess> {
  const port = options.port ?? (await freePort());
  const output = openSync(options.logFile, 'a');
  const startedAt = performance.now();
  const child = spawn(process.execPath, options.args, {
    cwd: options.cwd,
    env: {
      ...process.env,
      ...options.environment,
      FALCO_TALON_LISTEN_ADDRESS: '127.0.0.1',
      FALCO_TALON_LISTEN_PORT: String(port),
    },
    stdio: ['ignore', output, output],
  });
  endWithThisProcess(child);
  closeSync(output);
  const log = () => readFileSync(options.logFile, 'utf8');
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  const ended = () => child.exitCode !== null || child.signalCode !== null;
  const url = `http://127.0.0.1:${port}`;

  async function end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    if (!ended()) child.kill(signal);
    return exited;
  }

  while (!(await isOk(url + (options.until ?? '/readyz')))) {
    if (ended()) throw new Error(`the server ended at start:\n${log()}`);
    if (performance.now() - startedAt > START_LIMIT) {
      await end('SIGKILL');
      throw new Error(`the server did not become ready:\n${log()}`);
    }
    await delay(10);
  }
  return {
    url,
    port,
    pid: child.pid ?? 0,
    startedAt,
    startedIn: performance.now() - startedAt,
    log,
    exited,
    stop: () => end('SIGTERM'),
    kill: async () => void (await end('SIGKILL')),
  };
}

async function isOk(url: string): Promise<boolean> {
  return fetch(url, { signal: AbortSignal.timeout(1_000) }).then(
    async (response) => {
      await response.body?.cancel();
      return response.ok;
    },
    () => false,
  );
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
