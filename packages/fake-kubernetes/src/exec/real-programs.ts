import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { accessSync, constants, mkdirSync, statSync, symlinkSync } from 'node:fs';
import { once } from 'node:events';
import { constants as os } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { CannotStart, noProgram } from './cannot-start.ts';
import type { ExecHandler, ExecSession } from './exec-session.ts';

export interface ProgramsInput {
  /** What `sh` and `/bin/sh` are; default the machine's `sh`. `none`: a container without a shell. */
  readonly shell?: 'sh' | 'dash' | 'bash' | 'busybox' | 'none';
  /** The only programs there are, by the names they have on this machine; default all of the machine's. */
  readonly programs?: readonly string[];
  /** Beside what the container's spec says. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Bytes of input nobody reads that fit on the way to the program. */
const PIPE = 64 * 1024;
const SHELLS = ['sh', '/bin/sh'];

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

function onPath(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

/** A folder with nothing but these programs. */
function binFolder(container: string, programs: readonly string[]): string {
  const folder = `${container}.bin`;
  mkdirSync(folder, { recursive: true });
  for (const name of programs) {
    const program = onPath(name);
    if (program === undefined) throw new Error(`this machine has no program ${name}`);
    try {
      symlinkSync(program, join(folder, name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  return folder;
}

function shellOf(shell: NonNullable<ProgramsInput['shell']>): readonly [string, ...string[]] | undefined {
  if (shell === 'none') return undefined;
  const program = onPath(shell);
  if (program === undefined) throw new Error(`this machine has no shell ${shell}`);
  return shell === 'busybox' ? [program, 'sh'] : [program];
}

/** Which program of this machine a command means. @throws CannotStart */
function resolve(command: readonly string[], input: ProgramsInput): readonly string[] {
  const [name = '', ...args] = command;
  if (command.length === 0) throw new CannotStart('exec failed: args must not be empty');
  if (SHELLS.includes(name)) {
    const shell = shellOf(input.shell ?? 'sh');
    if (shell === undefined) throw noProgram(name);
    return [...shell, ...args];
  }
  const offered = input.programs === undefined || input.programs.includes(basename(name));
  const program = name.includes('/') ? name : onPath(name);
  if (!offered || program === undefined || !isProgram(program)) throw noProgram(name);
  return [program, ...args];
}

/** As a shell and the runtime say it: 128 and the number of the signal. */
function exitCode(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? 128 + (signal === null ? 0 : os.signals[signal]);
}

/** The function given back says how much input has come that did not fit into the program's pipe. */
function connect(child: ChildProcess, session: ExecSession): () => number {
  const { stdin } = child;
  child.stdout?.pipe(session.stdout, { end: false });
  child.stderr?.pipe(session.stderr, { end: false });
  if (stdin === null) return () => 0;
  let left = 0;
  // A program that takes no more input is its own affair.
  stdin.on('error', () => undefined);
  stdin.on('drain', () => session.stdin.resume());
  session.stdin.on('data', (chunk: Buffer) => {
    left += chunk.length;
    const taken = stdin.write(chunk, (error) => {
      if (error == null) left -= chunk.length;
    });
    if (!taken) session.stdin.pause();
  });
  session.stdin.once('end', () => stdin.end());
  let unread = 0;
  child.once('exit', () => (unread = left));
  return () => unread;
}

/** Signals the program and all it has started. False when they are gone. */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  try {
    return child.pid !== undefined && process.kill(-child.pid, signal);
  } catch {
    return false;
  }
}

/**
 * Runs programs of this machine, in the container's folder, with nothing of this process's environment but PATH, each in a
 * process group of its own. There is no other root: an absolute path means the machine's own file.
 */
export function realPrograms(input: ProgramsInput = {}): ExecHandler {
  return async (session) => {
    const [program = '', ...args] = resolve(session.command, input);
    const path = input.programs === undefined ? (process.env['PATH'] ?? '') : binFolder(session.folder, input.programs);
    const child = spawn(program, args, {
      cwd: session.folder,
      detached: true,
      env: { PATH: path, HOME: session.folder, TMPDIR: session.folder, ...session.environment, ...input.environment },
      stdio: [session.hasInput ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    });
    const stop = (): void => {
      signalGroup(child, 'SIGKILL');
      child.stdout?.destroy();
      child.stderr?.destroy();
    };
    session.signal.addEventListener('abort', stop);
    if (session.signal.aborted) stop();
    try {
      const unread = connect(child, session);
      // Not `exit`: the runtime, too, waits until whatever the program started has closed the output.
      const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
      // Over a WebSocket the real one never says how a command ended that left much of its input unread.
      if (unread() > PIPE) await new Promise((never) => session.signal.addEventListener('abort', never));
      return exitCode(code, signal);
    } catch (error) {
      throw new CannotStart(`exec failed: unable to start container process: ${(error as Error).message}`);
    } finally {
      // What the program has left running ends with the fake.
      if (!signalGroup(child, 0)) session.signal.removeEventListener('abort', stop);
    }
  };
}
