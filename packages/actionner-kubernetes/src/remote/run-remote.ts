import { isTalonError, TalonError } from '@falco-talon/core';
import type { ExecChunk, ExecEnd, Kubernetes } from '@falco-talon/client-kubernetes';
import { openInput } from './input.ts';
import { remoteFailure, whereText, type RemotePlace } from './remote-failure.ts';
import { KILL, shellCommand, shellInput, TERM } from './wrapper.ts';

const GRACE = 2_000;
/** Milliseconds to hear, after the processes were killed, that they are gone. */
const CONFIRM = 2_000;

/** What is at most added to the time limit of a command: for the connection before it and its end after it. */
export const AROUND_COMMAND = 10_000 + GRACE + CONFIRM + 1_000;

export interface RemoteOptions extends RemotePlace {
  /** A POSIX shell of the container: `/bin/sh`. */
  readonly shell: string;
  /** What the shell runs; text without NUL, or the bytes of a script. */
  readonly script: string | Uint8Array;
  /** Exported to it; see `remoteEnvironment`. */
  readonly environment?: ReadonlyMap<string, string>;
  /** Milliseconds from its start until it is ended. Absent: until somebody ends it. */
  readonly timeLimit?: number;
  /** Milliseconds from TERM to KILL when it is ended; default 2 s. */
  readonly grace?: number;
  /** Once aborted, the command is killed. */
  readonly signal: AbortSignal;
}

export interface RemoteEnd extends ExecEnd {
  /** Whether it was asked to end. It may have ended by itself at the same moment. */
  readonly stopped: boolean;
}

export interface RemoteCommand {
  /**
   * What it writes, with back-pressure; runs from the first `next()`. Leaving the iteration kills the command.
   * @returns the exit code, also when it is not 0; 128 and the number of the signal that ended it
   * @throws TalonError `unsupported` without such a shell, `timeout` after the time limit, the signal's reason, …
   */
  readonly output: AsyncGenerator<ExecChunk, RemoteEnd, void>;
  /** Asks it to end (TERM) and kills what is left after `grace`; the output ends then. */
  stop(): void;
  /**
   * Kills it unless it is over; to be called whatever happened. Resolves with whether it is known to have ended, or never
   * to have begun. False: nobody can tell, because the connection broke or the container did not answer.
   */
  end(): Promise<boolean>;
}

/**
 * Runs a script in the shell of a container. Its processes end with it, at its time limit, when they are stopped and when
 * Falco Talon or the connection dies; only those that left for a session of their own (`setsid`) are out of reach.
 */
export function runRemote(kubernetes: Pick<Kubernetes, 'exec'>, options: RemoteOptions): RemoteCommand {
  const { signal, timeLimit } = options;
  const ended = Promise.withResolvers<boolean>();
  const connection = new AbortController();
  const timers = new Set<NodeJS.Timeout>();
  let stopped = false;
  let overdue = false;
  let killing = false;
  let begun = false;
  let over = false;

  const input = openInput(shellInput(options.script, options.environment ?? new Map()), () => {
    if (timeLimit === undefined) return;
    after(timeLimit, () => {
      overdue = true;
      stop();
    });
  });

  function after(milliseconds: number, work: () => void): void {
    timers.add(setTimeout(work, milliseconds));
  }

  function stop(): void {
    if (stopped || over) return;
    stopped = true;
    input.send(TERM);
    after(options.grace ?? GRACE, kill);
  }

  function kill(): void {
    if (killing || over) return;
    stopped = killing = true;
    input.send(KILL);
    after(CONFIRM, () => connection.abort(unheard()));
  }

  function onAbort(): void {
    if (input.begun()) kill();
    else connection.abort(signal.reason);
  }

  async function* output(): AsyncGenerator<ExecChunk, RemoteEnd, void> {
    const source = kubernetes.exec(options.pod, {
      ...(options.container === undefined ? {} : { container: options.container }),
      command: shellCommand(options.shell),
      stdin: input.bytes,
      signal: connection.signal,
    });
    /** Undefined as long as the connection stands. */
    let known: boolean | undefined;
    begun = true;
    signal.addEventListener('abort', onAbort);
    try {
      if (signal.aborted) onAbort();
      for (;;) {
        const next = await source.next();
        if (!next.done) {
          yield next.value;
          continue;
        }
        known = true;
        if (signal.aborted) throw signal.reason;
        if (overdue) throw timedOut(true);
        return { ...next.value, stopped };
      }
    } catch (error) {
      if (known) throw error;
      known = neverRan(error);
      if (signal.aborted) throw signal.reason;
      throw overdue ? timedOut(false) : remoteFailure(error, options);
    } finally {
      known ??= await killed(source);
      over = true;
      signal.removeEventListener('abort', onAbort);
      for (const timer of timers) clearTimeout(timer);
      input.end();
      ended.resolve(known);
    }
  }

  /** Kills a command nobody reads any more; listens for its end for a moment. */
  async function killed(source: AsyncGenerator<ExecChunk, ExecEnd, void>): Promise<boolean> {
    kill();
    try {
      while (!(await source.next()).done);
      return true;
    } catch {
      return false;
    }
  }

  function neverRan(error: unknown): boolean {
    return !input.begun() || (isTalonError(error) && !error.retryable && error.code !== 'aborted');
  }

  function timedOut(known: boolean): TalonError {
    const end = known ? 'and was ended' : 'and was told to end, but nobody can tell whether it did';
    return new TalonError(
      'timeout',
      `the command took longer than ${(timeLimit ?? 0) / 1000} s in ${whereText(options)} ${end}`,
    );
  }

  function unheard(): TalonError {
    return new TalonError('timeout', `${whereText(options)} did not say that the command has ended`);
  }

  const chunks = output();
  return {
    output: chunks,
    stop,
    async end() {
      if (!begun) return true;
      kill();
      // When somebody waits for its next chunk, that comes first.
      void chunks.return({ exitCode: 0, stopped }).catch(() => {});
      return ended.promise;
    },
  };
}
