import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startServerProcess, type ServerProcess } from '@falco-talon/testkit/server';

const LAUNCHER = fileURLToPath(import.meta.resolve('falco-talon/launcher'));

export interface BenchServer extends ServerProcess {
  /** Ends the server and removes its data. */
  close(): Promise<void>;
}

export interface BenchServerOptions {
  readonly rules: string;
  /** Text of a kubeconfig. */
  readonly kubeconfig?: string;
  readonly queue: 'sqlite' | 'memory';
  /** Lines of config.yaml beside those every bench has. */
  readonly config?: string;
}

/** The default distribution in a process of its own, logging to a file as JSON. */
export async function startBenchServer({
  rules,
  kubeconfig = '',
  queue,
  config = '',
}: BenchServerOptions): Promise<BenchServer> {
  const directory = await mkdtemp(join(tmpdir(), 'falco-talon-bench-'));
  const file = (name: string) => join(directory, name);
  await mkdir(file('state'));
  await writeFile(file('rules.yaml'), rules);
  await writeFile(file('kubeconfig'), kubeconfig);
  await writeFile(file('config.yaml'), `deduplication: { time_window_seconds: 0 }\nwatch_rules: false\n${config}`);
  const server = await startServerProcess({
    args: [LAUNCHER, 'server', '-c', file('config.yaml'), '-r', file('rules.yaml')],
    cwd: directory,
    logFile: file('server.log'),
    environment: {
      FALCO_TALON_KUBECONFIG: kubeconfig === '' ? '' : file('kubeconfig'),
      FALCO_TALON_DATA_DIRECTORY: file('state'),
      FALCO_TALON_QUEUE_TYPE: queue,
      FALCO_TALON_LOG_FORMAT: 'json',
    },
  });
  return {
    ...server,
    async close() {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
