export type SignalSource = Pick<NodeJS.EventEmitter, 'on' | 'off'>;

/** A terminal and a launcher both deliver Ctrl-C: the same signal this soon is the same request. Milliseconds. */
const SAME_REQUEST = 1_000;

export interface StopSignals {
  /** Resolves at the first request to stop. */
  readonly requested: Promise<string>;
  /** Resolves at the second one. */
  readonly insisted: Promise<string>;
  release(): void;
}

export function stopSignals(source: SignalSource, now: () => number): StopSignals {
  const request = Promise.withResolvers<string>();
  const insistence = Promise.withResolvers<string>();
  let first: number | undefined;
  const listeners = (['SIGTERM', 'SIGINT'] as const).map((signal) => {
    const listener = () => {
      if (first === undefined) {
        first = now();
        request.resolve(signal);
      } else if (now() - first >= SAME_REQUEST) {
        insistence.resolve(signal);
      }
    };
    source.on(signal, listener);
    return [signal, listener] as const;
  });
  return {
    requested: request.promise,
    insisted: insistence.promise,
    release: () => listeners.forEach(([signal, listener]) => source.off(signal, listener)),
  };
}
