import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { endWithThisProcess } from '@falco-talon/testkit/server';

export interface Said {
  readonly at: number;
  readonly what: string;
  readonly id: string;
  readonly attempt: number;
}

export interface Replica {
  readonly child: ChildProcess;
  readonly said: readonly Said[];
  /** Resolves with the first line that fits, said already or later. */
  until(fits: (line: Said) => boolean): Promise<Said>;
  tell(): void;
  /** Resolves when it has ended. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
}

const replicas = new Set<ChildProcess>();

export async function endReplicas(): Promise<void> {
  for (const child of replicas) {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
}

/** A process of its own that handles messages. Resolves when it is connected. */
export async function startReplica(url: string, lease: number): Promise<Replica> {
  const program = fileURLToPath(new URL('./replica.fixture.ts', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=@falco-talon/source', program, url, String(lease)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  endWithThisProcess(child);
  replicas.add(child);
  child.once('exit', () => replicas.delete(child));
  const said: Said[] = [];
  const waiting = new Set<{ fits: (line: Said) => boolean; resolve: (line: Said) => void }>();
  createInterface({ input: child.stdout }).on('line', (text) => {
    const [at, what = '', id = '', attempt] = text.split(' ');
    const line = { at: Number(at), what, id, attempt: Number(attempt) };
    said.push(line);
    for (const one of waiting) {
      if (!one.fits(line)) continue;
      waiting.delete(one);
      one.resolve(line);
    }
  });
  const replica: Replica = {
    child,
    said,
    until: (fits) =>
      new Promise((resolve) => {
        const found = said.find(fits);
        if (found) resolve(found);
        else waiting.add({ fits, resolve });
      }),
    tell: () => child.stdin.write('go\n'),
    async end(signal) {
      const ended = once(child, 'exit');
      child.kill(signal);
      await ended;
    },
  };
  await replica.until(({ what }) => what === 'ready');
  return replica;
}
