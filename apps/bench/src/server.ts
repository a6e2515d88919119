import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startServerProcess, type ServerProcess } from '@falco-talon/testkit/server';

const LAUNCHER = fileURLToPath(import.meta.resolve('falco-talon/launcher'));

export interface BenchServer extends ServerProcess {
  /** Its working directory, with `rules.yaml` and `server.log` in it. */
  readonly directory: string;
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
  /** Flags of Node itself. */
  readonly nodeFlags?: readonly string[];
  /** Files in its directory, by name. */
  readonly files?: Readonly<Record<string, string>>;
  /** Instead of `rules.yaml`, relative to its directory; watched. */
  readonly watched?: { readonly path: string; prepare(path: string): Promise<void> };
}

/** The default distribution in a process of its own, logging to a file as JSON. */
export async function startBenchServer({
  rules,
  kubeconfig = '',
  queue,
  config = '',
  nodeFlags = [],
  files = {},
  watched,
}: BenchServerOptions): Promise<BenchServer> {
  const directory = await mkdtemp(join(tmpdir(), 'falco-talon-bench-'));
  const file = (name: string) => join(directory, name);
  await mkdir(file('state'));
  await writeFile(file('rules.yaml'), rules);
  await writeFile(file('kubeconfig'), kubeconfig);
  for (const [name, text] of Object.entries(files)) await writeFile(file(name), text);
  await watched?.prepare(file(watched.path));
  const common = `deduplication: { time_window_seconds: 0 }\nwatch_rules: ${watched !== undefined}\n`;
  await writeFile(file('config.yaml'), `${common}${config}`);
  const server = await startServerProcess({
    args: [...nodeFlags, LAUNCHER, 'server', '-c', file('config.yaml'), '-r', file(watched?.path ?? 'rules.yaml')],
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
    directory,
    async close() {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
