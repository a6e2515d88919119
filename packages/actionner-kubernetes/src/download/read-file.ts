import { isTalonError, TalonError } from '@falco-talon/core';
import type { ExecChunk, ExecEnd, Kubernetes } from '@falco-talon/client-kubernetes';
import { begin } from '../pod/begin.ts';
import { runRemote, type RemoteOptions } from '../remote/run-remote.ts';
import { whereText } from '../remote/remote-failure.ts';
import { catCommand, FILE_VARIABLE, READER } from './reader.ts';

export interface RemoteFile {
  /** What the program that reads it writes. */
  readonly output: AsyncGenerator<ExecChunk, ExecEnd, void>;
  /** Ends the program, as far as it can be; to be called whatever happened. False: nobody knows whether it has ended. */
  end(): Promise<boolean>;
}

/** Where, and for how many milliseconds at most. */
type Place = Pick<RemoteOptions, 'pod' | 'container' | 'signal'> & { readonly timeLimit: number };

/**
 * Begins to read a file of a container: with its shell, else with its `cat`.
 * @throws TalonError `unsupported` when it has neither
 */
export async function readRemoteFile(
  kubernetes: Pick<Kubernetes, 'exec'>,
  path: string,
  place: Place,
): Promise<RemoteFile> {
  const environment = new Map([[FILE_VARIABLE, path]]);
  const remote = runRemote(kubernetes, { ...place, shell: SHELL, script: READER, environment });
  try {
    return { output: await begin(remote.output), end: () => remote.end() };
  } catch (error) {
    await remote.end();
    if (!isTalonError(error) || error.code !== 'unsupported') throw error;
    return readWithCat(kubernetes, path, place);
  }
}

const SHELL = '/bin/sh';

/** Such a program cannot be told to end; it does when it writes to a connection that is gone. */
async function readWithCat(
  kubernetes: Pick<Kubernetes, 'exec'>,
  path: string,
  { timeLimit, signal, ...place }: Place,
): Promise<RemoteFile> {
  const connection = new AbortController();
  const stop = () => connection.abort(signal.reason);
  const timer = setTimeout(
    () => connection.abort(new TalonError('timeout', `reading took longer than ${timeLimit / 1000} s`)),
    timeLimit,
  );
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  let over = false;

  async function* read(): AsyncGenerator<ExecChunk, ExecEnd, void> {
    const { pod, container } = place;
    try {
      const end = yield* kubernetes.exec(pod, {
        ...(container === undefined ? {} : { container }),
        command: catCommand(path),
        signal: connection.signal,
      });
      over = true;
      return end;
    } catch (error) {
      throw connection.signal.aborted ? connection.signal.reason : error;
    }
  }

  const source = read();
  async function end(): Promise<boolean> {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
    connection.abort(new TalonError('aborted', 'nobody reads it any more'));
    await source.return({ exitCode: 0 }).catch(() => {});
    return over;
  }
  try {
    return { output: await begin(source), end };
  } catch (error) {
    await end();
    if (!isTalonError(error) || error.code !== 'unsupported') throw error;
    throw new TalonError(
      'unsupported',
      `${whereText(place)} has neither a shell (${SHELL}) nor the program cat, so no file can be read from it`,
      { cause: error.cause },
    );
  }
}
