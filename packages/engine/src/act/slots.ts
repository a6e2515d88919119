import { TalonError } from '@falco-talon/core';

/** Who waits for a slot: the most severe priority first, then the oldest. */
export interface Rank {
  /** 0 is most severe. */
  readonly severity: number;
  /** Order of arrival. */
  readonly age: number;
}

export interface Slots {
  /**
   * Resolves with the function that gives the slot back.
   * @throws TalonError `aborted`
   */
  take(rank: Rank, signal: AbortSignal): Promise<() => void>;
}

interface Waiting {
  readonly rank: Rank;
  readonly start: () => void;
}

export function createSlots(limit: number): Slots {
  let taken = 0;
  const waiting: Waiting[] = [];

  function giveBack(): void {
    const next = waiting.shift();
    if (next) next.start();
    else taken--;
  }

  function once(): () => void {
    let given = false;
    return () => {
      if (given) return;
      given = true;
      giveBack();
    };
  }

  return {
    take(rank, signal) {
      if (signal.aborted) return Promise.reject(stopping());
      if (taken < limit) {
        taken++;
        return Promise.resolve(once());
      }
      return new Promise((resolve, reject) => {
        const entry: Waiting = {
          rank,
          start: () => {
            signal.removeEventListener('abort', abort);
            resolve(once());
          },
        };
        const abort = () => {
          waiting.splice(waiting.indexOf(entry), 1);
          reject(stopping());
        };
        signal.addEventListener('abort', abort, { once: true });
        insert(waiting, entry);
      });
    },
  };
}

/** Binary search: the list stays sorted, and equal ranks stay in order of arrival. */
function insert(waiting: Waiting[], entry: Waiting): void {
  let low = 0;
  let high = waiting.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (comesFirst(entry.rank, waiting[middle]!.rank)) high = middle;
    else low = middle + 1;
  }
  waiting.splice(low, 0, entry);
}

function comesFirst(a: Rank, b: Rank): boolean {
  return a.severity === b.severity ? a.age < b.age : a.severity < b.severity;
}

function stopping(): TalonError {
  return new TalonError('aborted', 'Falco Talon is stopping');
}
