import type { Journal } from '../journal/journal.ts';

/**
 * Deliveries whose last process ended while it had them: one of them may be what ended it, most of them only stood beside
 * it. They begin a few at a time, in the order of their delivery, and only what has begun counts as an attempt. The last
 * attempt of an event is made when no other suspect is at work, so that whatever ends the process once more is the culprit.
 */
export interface Suspects {
  /** Resolves, in the order of the calls, with the function that ends it. @throws the signal's reason */
  begin(alone: boolean, signal: AbortSignal): Promise<() => void>;
}

/**
 * At work at a time: what costs the innocent beside a culprit one of their attempts. Those make their last one alone, each
 * after the other, and a process that is killed meanwhile by somebody else costs one of them its life: so they are few.
 */
const TOGETHER = 4;
/**
 * Milliseconds after which others begin although a delivery is still at work: what ends a process does so at once, and a
 * capture that takes minutes, or a step that is held for an hour, must not keep all others waiting.
 */
const LONGEST = 1_000;
/** Deliveries, by attempts there may be: should matching an event end the process before there is a plan, it ends too. */
const MOST_DELIVERIES = 10;

export function createSuspects(together = TOGETHER, longest = LONGEST): Suspects {
  let free = together;
  let last: Promise<unknown> = Promise.resolve();
  let changed = Promise.withResolvers<void>();

  async function take(room: number, signal: AbortSignal): Promise<() => void> {
    while (free < room && !signal.aborted) await changed.promise;
    signal.throwIfAborted();
    free -= room;
    let over = false;
    const timer = setTimeout(leave, longest);
    timer.unref();
    function leave(): void {
      if (over) return;
      over = true;
      clearTimeout(timer);
      free += room;
      wake();
    }
    return leave;
  }

  function wake(): void {
    changed.resolve();
    changed = Promise.withResolvers();
  }

  return {
    begin(alone, signal) {
      signal.addEventListener('abort', wake, { once: true });
      // One after the other: who waits for much room is not overtaken by those who need little.
      const turn = last.then(() => take(alone ? together : 1, signal));
      last = turn.catch(() => {});
      void last.then(() => signal.removeEventListener('abort', wake));
      return turn;
    },
  };
}

/** Attempts of an event so far, this one included, that may have ended their process. */
export interface Blame {
  /** It was delivered before, to a process that ended. */
  readonly suspect: boolean;
  /** No attempt is left. */
  readonly spent: boolean;
  /** This attempt is the last one. */
  readonly last: boolean;
}

/** @param most attempts one event may have */
export function blameOf(attempt: number, journal: Journal, most: number): Blame {
  const deliveries = attempt - journal.postponed;
  const suspect = deliveries > 1;
  // The first attempt is not written down: it is the one nothing is known against.
  const attempts = suspect ? 2 + journal.begun : 1;
  return {
    suspect,
    // One that has a plan was only waiting for its turn, however often the process ended meanwhile.
    spent: attempts > most || (journal.plan === undefined && deliveries > most * MOST_DELIVERIES),
    last: attempts === most,
  };
}
