export type SignalSource = Pick<NodeJS.EventEmitter, 'on' | 'off'>;

/** A terminal and a launcher both deliver Ctrl-C: the same signal this soon is the same request. Milliseconds. */
const SAME_REQUEST = 1_000;

export interface StopSignals {
  /** Resolves at the first request to stop. */
  readonly requested: Promise<string>;
  /** When that was, on the clock it was given; undefined before. */
  since(): number | undefined;
  /** Resolves at the second one. */
  readonly insisted: Promise<string>;
  /** What is done at each SIGHUP from now on. Before, and without it, the signal does nothing: it must not end the process. */
  onHangup(work: () => void): void;
  release(): void;
}

export function stopSignals(source: SignalSource, now: () => number): StopSignals {
  const request = Promise.withResolvers<string>();
  const insistence = Promise.withResolvers<string>();
  let first: number | undefined;
  let hangup = () => {};
  const stop = (signal: string) => {
    if (first === undefined) {
      first = now();
      request.resolve(signal);
    } else if (now() - first >= SAME_REQUEST) {
      insistence.resolve(signal);
    }
  };
  const listeners = {
    SIGTERM: () => stop('SIGTERM'),
    SIGINT: () => stop('SIGINT'),
    SIGHUP: () => hangup(),
  };
  for (const [signal, listener] of Object.entries(listeners)) source.on(signal, listener);
  return {
    requested: request.promise,
    since: () => first,
    insisted: insistence.promise,
    onHangup: (work) => void (hangup = work),
    release() {
      for (const [signal, listener] of Object.entries(listeners)) source.off(signal, listener);
    },
  };
}
