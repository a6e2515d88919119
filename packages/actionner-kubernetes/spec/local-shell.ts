import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import type { ExecChunk, ExecEnd, Kubernetes } from '@falco-talon/client-kubernetes';

export interface LocalShell {
  readonly name: string;
  /** Its path. */
  readonly program: string;
  readonly args: readonly string[];
  /** As it sees itself; bash is stricter when it is called sh. */
  readonly argv0: string;
}

const SHELLS: readonly LocalShell[] = [
  { name: 'dash', program: 'dash', args: [], argv0: 'sh' },
  { name: 'bash', program: 'bash', args: [], argv0: 'bash' },
  { name: 'bash as sh', program: 'bash', args: [], argv0: 'sh' },
  { name: 'busybox', program: 'busybox', args: ['sh'], argv0: 'busybox' },
];

/** The shells of this machine. One that is missing is said, and its tests are left out. */
export const localShells = SHELLS.flatMap((shell) => {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const program = folders.map((folder) => join(folder, shell.program)).find((file) => existsSync(file));
  if (program !== undefined) return [{ ...shell, program }];
  process.stderr.write(`${shell.program} is not installed on this machine: its tests are left out\n`);
  return [];
});

export interface LocalContainer {
  readonly shell: LocalShell;
  readonly folder: string;
  /** Default: one where there is nothing. */
  readonly path?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Told the process id when something is executed. */
  readonly onStart?: (pid: number) => void;
}

/**
 * `exec` as a container runtime does it, with a process of this machine: leader of a session of its own, exit code when all
 * of its output is closed. Leaving the iteration closes its standard input and ends nothing.
 */
export function localExec(container: LocalContainer): Pick<Kubernetes, 'exec'> {
  return {
    async *exec(_, { command, stdin, signal }): AsyncGenerator<ExecChunk, ExecEnd, void> {
      signal.throwIfAborted();
      const { shell, folder, path = '/nonexistent', environment = {} } = container;
      const child = spawn(shell.program, [...shell.args, ...command.slice(1)], {
        argv0: shell.argv0,
        cwd: folder,
        detached: true,
        env: { HOME: folder, ...environment, PATH: path },
      });
      container.onStart?.(child.pid!);
      const events: (ExecChunk | ExecEnd | Error)[] = [];
      let wake = (): void => {};
      const say = (event: ExecChunk | ExecEnd | Error): void => {
        events.push(event);
        wake();
      };
      const lost = (): void => say(signal.reason);
      signal.addEventListener('abort', lost);
      child.on('error', say);
      child.stdin.on('error', () => {});
      child.stdout.on('data', (bytes: Buffer) => say({ stream: 'stdout', bytes }));
      child.stderr.on('data', (bytes: Buffer) => say({ stream: 'stderr', bytes }));
      child.on('close', (code, killedBy) => say({ exitCode: code ?? 128 + (constants.signals[killedBy!] ?? 0) }));
      void (async () => {
        for await (const bytes of stdin ?? []) child.stdin.write(bytes);
        child.stdin.end();
      })();
      try {
        for (;;) {
          const event = events.shift();
          if (event === undefined) await new Promise<void>((resolve) => (wake = resolve));
          else if (event instanceof Error) throw event;
          else if ('exitCode' in event) return event;
          else yield event;
        }
      } finally {
        signal.removeEventListener('abort', lost);
        child.stdin.end();
        for (const stream of [child.stdout, child.stderr]) stream.destroy();
      }
    },
  };
}

/** Whether a process of this group is left; one that only waits to be taken note of has ended. */
export function isRunning(group: number): boolean {
  return readdirSync('/proc').some((entry) => {
    if (!/^[0-9]+$/.test(entry)) return false;
    try {
      // `pid (name) state ppid pgrp …`: the name may hold anything.
      const [state, , pgrp] = readFileSync(`/proc/${entry}/stat`, 'latin1')
        .replace(/^.*\) /s, '')
        .split(' ');
      return Number(pgrp) === group && state !== 'Z' && state !== 'X';
    } catch {
      return false; // it ended meanwhile
    }
  });
}

/** The same for the fake API server, whose containers run the machine's programs. */
export const fakeShells = (['dash', 'bash', 'busybox'] as const).filter((name) =>
  localShells.some(({ program }) => program.endsWith(`/${name}`)),
);

/** The processes that work in a folder. */
export function runningIn(folder: string): readonly string[] {
  return readdirSync('/proc').filter((entry) => {
    try {
      return /^[0-9]+$/.test(entry) && readlinkSync(`/proc/${entry}/cwd`) === folder;
    } catch {
      return false; // it ended meanwhile, or is somebody else's
    }
  });
}
