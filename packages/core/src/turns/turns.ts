import { heap, type Heap } from './heap.ts';

export interface Turn {
  /** The order in which messages were accepted. */
  readonly seq: number;
  readonly key: string;
  /** On the caller's clock. Not taken earlier; of those that are due, the oldest `seq` comes first. */
  readonly due: number;
}

export interface Turns {
  readonly size: () => number;
  add(turn: Turn): void;
  /** Up to `limit` turns that are due, oldest first, leaving out keys of which `perKey` already run. Each one runs from now on. */
  take(limit: number, perKey: number, now: number): Turn[];
  /** Takes a turn that was never added: when none waits and fewer than `perKey` of this key run. It runs from now on. */
  claim(key: string, perKey: number): boolean;
  /** One of this key does not run any more. */
  release(key: string): void;
  /** When the first turn that is not due yet will be. */
  nextDue(): number | undefined;
  /** Forgets what waits, not what runs. */
  clear(): void;
}

/**
 * Whose turn it is: oldest first, in order per key, a busy key never in the way of others.
 * Every step costs O(log n), however many messages of a busy key wait.
 */
export function createTurns(): Turns {
  const bySeq = (a: Turn, b: Turn) => a.seq < b.seq;
  const byDue = (a: Turn, b: Turn) => a.due < b.due;
  let delayed = heap(byDue);
  let ready = heap(bySeq);
  /** Turns that were due when their key was busy. One moves back to `ready` whenever the key is released. */
  const parked = new Map<string, Heap<Turn>>();
  const running = new Map<string, number>();
  let parkedCount = 0;
  let lastPerKey: number | undefined;

  function take(limit: number, perKey: number, now: number): Turn[] {
    if (lastPerKey !== undefined && lastPerKey !== perKey) for (const key of parked.keys()) while (unpark(key));
    lastPerKey = perKey;
    for (let turn = delayed.peek(); turn && turn.due <= now; turn = delayed.peek()) {
      delayed.pop();
      ready.push(turn);
    }
    const taken: Turn[] = [];
    while (taken.length < limit) {
      const turn = ready.pop();
      if (!turn) break;
      const busy = running.get(turn.key) ?? 0;
      if (busy >= perKey) {
        park(turn);
        continue;
      }
      running.set(turn.key, busy + 1);
      taken.push(turn);
    }
    return taken;
  }

  function park(turn: Turn): void {
    let waiting = parked.get(turn.key);
    if (!waiting) parked.set(turn.key, (waiting = heap(bySeq)));
    waiting.push(turn);
    parkedCount++;
  }

  function unpark(key: string): boolean {
    const waiting = parked.get(key);
    const turn = waiting?.pop();
    if (!waiting || !turn) return false;
    if (waiting.size() === 0) parked.delete(key);
    parkedCount--;
    ready.push(turn);
    return true;
  }

  return {
    size: () => delayed.size() + ready.size() + parkedCount,
    add: (turn) => delayed.push(turn),
    take,
    claim(key, perKey) {
      const busy = running.get(key) ?? 0;
      if (busy >= perKey || delayed.size() + ready.size() + parkedCount > 0) return false;
      running.set(key, busy + 1);
      return true;
    },
    release(key) {
      const busy = (running.get(key) ?? 0) - 1;
      if (busy > 0) running.set(key, busy);
      else running.delete(key);
      unpark(key);
    },
    nextDue: () => delayed.peek()?.due,
    clear() {
      delayed = heap(byDue);
      ready = heap(bySeq);
      parked.clear();
      parkedCount = 0;
    },
  };
}
