import { pause } from '../calls/backoff.ts';

/** Steps that a guard lets wait. */
export interface Holds {
  /** Events with such a step. */
  readonly events: number;
  /** True once nothing waits here any more. */
  readonly ended: boolean;
  /** @throws TalonError `aborted` when the signal is, or when the process stops and need not wait for it: it goes on later */
  pause(event: string, milliseconds: number, signal: AbortSignal): Promise<void>;
  end(): void;
}

export function createHolds(): Holds {
  const held = new Map<string, number>();
  const ending = new AbortController();
  const add = (event: string, more: 1 | -1) => {
    const steps = (held.get(event) ?? 0) + more;
    if (steps === 0) held.delete(event);
    else held.set(event, steps);
  };
  return {
    get events() {
      return held.size;
    },
    get ended() {
      return ending.signal.aborted;
    },
    async pause(event, milliseconds, signal) {
      add(event, 1);
      try {
        await pause(milliseconds, AbortSignal.any([signal, ending.signal]));
      } finally {
        add(event, -1);
      }
    },
    end: () => ending.abort(),
  };
}
