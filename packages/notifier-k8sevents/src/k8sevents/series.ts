/** A repeat so long after the last one begins a new event; client-go's own recorder ends a series then. */
const WINDOW = 6 * 60 * 1000;
const MOST_REMEMBERED = 1_000;

/** An event that was written, and how often what it tells has been seen. */
export interface Written {
  readonly namespace: string;
  readonly name: string;
  readonly count: number;
  /** Milliseconds since the epoch. */
  readonly lastSeen: number;
}

/** What was written lately, so that repeats go into the series of the first. The least lately seen is forgotten first. */
export interface Series {
  /** Does the work of one key one after the other, with the event to continue, and remembers what it returns. */
  inTurn(key: string, now: number, work: (last: Written | undefined) => Promise<Written>): Promise<void>;
}

export function createSeries(most = MOST_REMEMBERED): Series {
  const written = new Map<string, Written>();
  const turns = new Map<string, Promise<void>>();

  function remember(key: string, event: Written): void {
    written.delete(key);
    written.set(key, event);
    const [oldest] = written.keys();
    if (written.size > most && oldest !== undefined) written.delete(oldest);
  }

  function current(key: string, now: number): Written | undefined {
    const last = written.get(key);
    return last !== undefined && now - last.lastSeen <= WINDOW ? last : undefined;
  }

  return {
    async inTurn(key, now, work) {
      const before = turns.get(key);
      const mine = (async () => {
        await before;
        remember(key, await work(current(key, now)));
      })();
      const ended = mine.catch(() => {});
      turns.set(key, ended);
      try {
        await mine;
      } finally {
        if (turns.get(key) === ended) turns.delete(key);
      }
    },
  };
}
