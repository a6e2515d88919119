import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { kubernetes, type Kubernetes } from '@falco-talon/client-kubernetes';
import { realPrograms, type FakeKubernetesInput } from '@falco-talon/fake-kubernetes';
import { testScope } from '@falco-talon/testkit';
import { startCluster, type TestCluster } from './cluster.ts';

export interface Captures {
  /** What a tool does from now on: the body of a shell script. `$CAPTURE` is a file with the bytes of a capture. */
  tool(name: string, script: string): Promise<void>;
  /** What a tool was called with last. */
  words(): Promise<readonly string[]>;
  /** Resolves when a tool runs, as it does after `UNTIL_STOPPED`, that has not been waited for. */
  begun(): Promise<void>;
  /** Resolves when no container's own process runs. */
  idle(): Promise<void>;
}

/** Writes a capture and ends. */
export const AT_ONCE = 'cat "$CAPTURE"; echo "2 packets captured" >&2';
/** Runs until it is told to end, as capture tools do. */
export const UNTIL_STOPPED = `: >"$WORDS.begun"
trap 'echo stopped >&2; exit 0' TERM INT
cat "$CAPTURE"
while :; do sleep 0.05; done`;

/**
 * Makes the containers of a cluster run real processes: their own one, and scripts that play the capture tools among the
 * programs of this machine.
 */
export async function playCaptures({ api, folder }: TestCluster, capture: Uint8Array): Promise<Captures> {
  const bin = join(folder, 'bin');
  const path = `${bin}:${process.env['PATH'] ?? ''}`;
  const file = join(folder, 'capture');
  const words = join(folder, 'words');
  const running = new Set<Promise<unknown>>();
  await mkdir(bin);
  await writeFile(file, capture);
  /** Of a capture container; not in the folder of a pod, where nothing of a capture belongs. */
  const home = (...names: readonly string[]): string => {
    const made = join(folder, 'containers', ...names);
    mkdirSync(made, { recursive: true });
    return made;
  };
  const isCapture = (container: string) => container === 'sysdig' || container.startsWith('falco-talon-');
  api.onExec({}, (session) => {
    const { namespace, pod, container } = session;
    const own = isCapture(container) ? { TMPDIR: home(namespace, pod, container) } : {};
    return realPrograms({ environment: { PATH: path, CAPTURE: file, WORDS: words, ...own } })(session);
  });
  api.onContainer(({ namespace, pod, container, command, signal }) => {
    const [program = '', ...args] = command;
    // A container that starts has its image's files, and no others.
    rmSync(home(namespace, pod, container), { recursive: true });
    const env = { PATH: path, TMPDIR: home(namespace, pod, container) };
    const child = spawn(program, args, { env, stdio: 'ignore' });
    const kill = (): void => void child.kill('SIGKILL');
    signal.addEventListener('abort', kill);
    if (signal.aborted) kill();
    const ended = new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? 137)));
    running.add(ended);
    void ended.then(() => running.delete(ended));
    return ended;
  });
  const captures: Captures = {
    async begun() {
      while (!existsSync(`${words}.begun`)) await pause(20);
      await rm(`${words}.begun`);
    },
    async idle() {
      while (running.size > 0) await Promise.all(running);
    },
    async tool(name, script) {
      const program = join(bin, name);
      await rm(`${words}.begun`, { force: true });
      await writeFile(program, `#!/bin/sh\nprintf '%s\\n' "$@" >"$WORDS"\n${script}\n`);
      await chmod(program, 0o755);
    },
    words: async () => (await readFile(words, 'utf8')).trimEnd().split('\n'),
  };
  for (const name of ['tcpdump', 'sysdig']) await captures.tool(name, AT_ONCE);
  // A second of theirs is shorter, so that containers end sooner after their capture.
  await writeFile(join(bin, 'sleep'), '#!/bin/sh\nexec /bin/sleep 0.1\n', { mode: 0o755 });
  return captures;
}

/** A cluster with such containers, whose pods end soon. */
export async function startCaptures(capture: Uint8Array, input: FakeKubernetesInput = {}) {
  const cluster = await startCluster({ terminationDelay: 20, ...input });
  return { ...cluster, ...(await playCaptures(cluster, capture)) };
}
export type CaptureCluster = Awaited<ReturnType<typeof startCaptures>>;

/** The client of a Falco Talon that runs in this namespace. */
export function connectFrom(namespace: string, { settings, folder }: TestCluster): Promise<Kubernetes> {
  return kubernetes.create({
    ...testScope(),
    settings: { ...settings.kubernetes, namespace },
    environment: { variables: {}, homeDirectory: folder },
  });
}
