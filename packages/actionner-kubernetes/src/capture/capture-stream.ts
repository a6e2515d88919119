import { errorText } from '@falco-talon/core';
import type { Kubernetes } from '@falco-talon/client-kubernetes';
import { runRemote, type RemoteEnd } from '../remote/run-remote.ts';
import type { RemotePlace } from '../remote/remote-failure.ts';
import { createSaid } from '../remote/said.ts';
import { captureScript } from './keeper.ts';

/** What is left of a process the kernel ended. */
const KILLED = 137;

export interface CaptureOptions {
  readonly place: Omit<RemotePlace, 'shell'>;
  /** The tool and its arguments; it writes the capture to standard output. */
  readonly words: readonly string[];
  /** Milliseconds it runs, from its first bytes. */
  readonly duration: number;
  /** Milliseconds its first bytes may take; then it is taken as running. */
  readonly firstBytes: number;
  /** Milliseconds it is given to end when it is asked to. */
  readonly grace: number;
  /** The error when it ends without a byte: there is nothing to keep. */
  readonly failure: (end: CaptureEnd) => Error;
  readonly signal: AbortSignal;
}

export interface CaptureEnd {
  /** Undefined: nobody heard it. */
  readonly exitCode: number | undefined;
  /** It ended because it was asked to, which is how it should. */
  readonly stopped: boolean;
  /** Why the capture is shorter than wanted: the connection or the container went away. */
  readonly cut: string | undefined;
  /** Milliseconds from the first bytes to the end. */
  readonly time: number;
  /** The end of what the tool said. */
  readonly said: string;
}

export interface Capture {
  /** The bytes, with back-pressure. What breaks after the first of them ends the capture and is no error. */
  readonly bytes: AsyncGenerator<Uint8Array, void, void>;
  /** Whether there should have been more of them. */
  readonly isCut: () => boolean;
  /** Once the bytes are over. */
  end(): CaptureEnd;
}

/** Runs a capture tool in a container, for a time, and ends it; leaving the bytes, or the signal, ends it too. */
export function startCapture(kubernetes: Pick<Kubernetes, 'exec'>, options: CaptureOptions): Capture {
  const { duration, firstBytes, grace, signal } = options;
  const remote = runRemote(kubernetes, {
    ...options.place,
    shell: '/bin/sh',
    script: captureScript(options.words),
    grace,
    signal,
  });
  const timers: NodeJS.Timeout[] = [];
  const said = createSaid();
  let began: number | undefined;
  let ended: number | undefined;
  let cut: string | undefined;
  let result: RemoteEnd | undefined;

  function begin(): void {
    if (began !== undefined) return;
    began = performance.now();
    timers.push(setTimeout(() => remote.stop(), duration));
  }

  async function* bytes(): AsyncGenerator<Uint8Array, void, void> {
    let some = false;
    timers.push(setTimeout(begin, firstBytes));
    try {
      for (;;) {
        const next = await remote.output.next();
        if (next.done) {
          result = next.value;
          if (result.exitCode === KILLED && !result.stopped) cut = 'it was killed, as when its container or pod ends';
          if (!some) throw options.failure(end());
          return;
        }
        if (next.value.stream === 'stderr') {
          said.add(next.value);
          continue;
        }
        begin();
        some = true;
        yield next.value.bytes;
      }
    } catch (error) {
      if (!some || signal.aborted) throw error;
      cut = errorText(error);
    } finally {
      ended = performance.now();
      for (const timer of timers) clearTimeout(timer);
      // Does nothing when it is over; ends it when nobody reads any more.
      await remote.output.return({ exitCode: 0, stopped: true });
    }
  }

  function end(): CaptureEnd {
    return {
      exitCode: result?.exitCode,
      stopped: result?.stopped ?? false,
      cut,
      time: began === undefined || ended === undefined ? 0 : ended - began,
      said: said.lastWords(),
    };
  }

  return { bytes: bytes(), isCut: () => cut !== undefined, end };
}
