import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startServerProcess, type ServerProcess } from '@falco-talon/testkit/server';
import { readLines, type LogLine } from './log-lines.ts';
import { readMetrics, type Metrics } from './metrics.ts';
import type { Surroundings } from './surroundings.ts';

/** Milliseconds for which the program gives the same metrics again. */
const METRICS_AGE = 300;
/** No deduplication, rules not watched. */
export const DEFAULT_CONFIG = 'deduplication: { time_window_seconds: 0 }\nwatch_rules: false\n';
const LAUNCHER = fileURLToPath(import.meta.resolve('falco-talon/launcher'));

/** The heap Node takes by itself in a container of 512 MiB; on a larger machine it collects the less often the more there is. */
export const CONTAINER_HEAP = ['--max-old-space-size=256', '--max-semi-space-size=16'];

export interface TalonInput {
  readonly rules: string;
  /** Lines of config.yaml. Default: `DEFAULT_CONFIG`. */
  readonly config?: string;
  /** `queue.type`; its settings go into `config` or `environment`. Default `sqlite`. */
  readonly queue?: string;
  /** Text of a kubeconfig; without one the Kubernetes client has no credentials. */
  readonly kubeconfig?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Files in its directory, by name: plugins, credentials. */
  readonly files?: Readonly<Record<string, string>>;
  /** The rules it reads instead of `rules.yaml`, relative to its directory. */
  readonly rulesPath?: string;
  /** The one it must listen on; a free one when absent. */
  readonly port?: number;
  /** Flags of Node itself. */
  readonly nodeFlags?: readonly string[];
  /** Tells several of one run apart: the folder below `run.directory`. Default `talon`. */
  readonly name?: string;
}

/** The default distribution in a process of its own, which can be killed and started again on the same data and port. */
export interface Talon {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Its working directory, with `config.yaml`, `rules.yaml`, `server.log` and `state/` in it. */
  readonly directory: string;
  /** Milliseconds each start took, from the start of the process until it said that it is ready. */
  readonly starts: readonly number[];
  /** When the process that runs now was started, by `performance.now`. */
  readonly startedAt: number;
  /** Times it was killed so far. */
  readonly kills: number;
  /** Everything logged so far, by all its processes. */
  log(): string;
  lines(): AsyncIterable<LogLine>;
  /** @throws Error when it does not answer */
  metrics(): Promise<Metrics>;
  /** Resolves when nothing is queued any more. @throws Error after `limit` milliseconds, and at the end of the run */
  drained(limit?: number): Promise<void>;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
  /** Ends it as a cluster would; resolves with its exit code. */
  stop(): Promise<number | null>;
  /** After `kill` or `stop`. @throws Error with the log when it does not start */
  start(): Promise<void>;
  /** Resolves when the process that runs now ended by itself, with its exit code or null for a signal. */
  exited(): Promise<number | null>;
}

export async function startTalon(run: Surroundings, input: TalonInput): Promise<Talon> {
  const directory = join(run.directory, input.name ?? 'talon');
  const file = (name: string) => join(directory, name);
  await mkdir(file('state'), { recursive: true });
  const { kubeconfig = '', config = DEFAULT_CONFIG } = input;
  const files = { ...input.files, 'rules.yaml': input.rules, 'config.yaml': config, kubeconfig };
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(file(name)), { recursive: true });
    await writeFile(file(name), text);
  }
  const rules = file(input.rulesPath ?? 'rules.yaml');
  const starts: number[] = [];
  let kills = 0;
  let server = await launch(input.port);
  run.cleanUp(() => server.kill());

  async function launch(port: number | undefined): Promise<ServerProcess> {
    const started = await startServerProcess({
      args: [...(input.nodeFlags ?? []), LAUNCHER, 'server', '-c', file('config.yaml'), '-r', rules],
      cwd: directory,
      logFile: file('server.log'),
      environment: {
        ...(kubeconfig !== '' && { FALCO_TALON_KUBECONFIG: file('kubeconfig') }),
        FALCO_TALON_DATA_DIRECTORY: file('state'),
        FALCO_TALON_QUEUE_TYPE: input.queue ?? 'sqlite',
        FALCO_TALON_LOG_FORMAT: 'json',
        ...input.environment,
      },
      ...(port !== undefined && { port }),
    });
    starts.push(started.startedIn);
    return started;
  }

  return {
    url: server.url,
    port: server.port,
    get pid() {
      return server.pid;
    },
    directory,
    starts,
    get startedAt() {
      return server.startedAt;
    },
    get kills() {
      return kills;
    },
    log: () => server.log(),
    lines: () => readLines(file('server.log')),
    metrics: () => readMetrics(server.url),
    async drained(limit = 180_000) {
      const deadline = performance.now() + limit;
      // What it answers may have been written before the last alert was accepted.
      await delay(METRICS_AGE);
      for (;;) {
        const { pending } = (await readMetrics(server.url)).queue();
        if (pending === 0) return;
        if (performance.now() > deadline) throw new Error(`${pending} alerts are still queued after ${limit} ms`);
        run.signal.throwIfAborted();
        await delay(50);
      }
    },
    kill() {
      kills++;
      return server.kill();
    },
    stop: () => server.stop(),
    async start() {
      server = await launch(server.port);
    },
    exited: () => server.exited,
  };
}
