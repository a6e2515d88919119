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

export interface SuspectLimits {
  /**
   * At work at a time, at first and at most. They are what costs the innocent beside a culprit one of their attempts; and as
   * they make their last one alone, each after the other, a process that somebody kills meanwhile costs one of them its life.
   */
  readonly few: number;
  readonly many: number;
  /** Milliseconds after which there may be twice as many: so the lone ones take a part only of the life a process has. */
  readonly calm: number;
  /**
   * Milliseconds after which others begin although a delivery is still at work: what ends a process does so at once, and a
   * capture that takes minutes, or a step that is held for an hour, must not keep all others waiting.
   */
  readonly longest: number;
  /** Milliseconds since some moment. */
  readonly elapsed: () => number;
}

const LIMITS: SuspectLimits = {
  few: 4,
  many: 64,
  calm: 5_000,
  longest: 1_000,
  elapsed: () => performance.now(),
};
/** Deliveries, by attempts there may be: should matching an event end the process before there is a plan, it ends too. */
const MOST_DELIVERIES = 10;

export function createSuspects(limits: Partial<SuspectLimits> = {}): Suspects {
  const { few, many, calm, longest, elapsed } = { ...LIMITS, ...limits };
  const startedAt = elapsed();
  let taken = 0;
  let last: Promise<unknown> = Promise.resolve();
  let changed = Promise.withResolvers<void>();

  /** Asked again whenever one leaves, which is soon. */
  function room(): number {
    return Math.min(many, few * 2 ** Math.floor((elapsed() - startedAt) / calm));
  }

  async function take(alone: boolean, signal: AbortSignal): Promise<() => void> {
    while ((alone ? taken > 0 : taken >= room()) && !signal.aborted) await changed.promise;
    signal.throwIfAborted();
    const places = alone ? many : 1;
    taken += places;
    const timer = setTimeout(leave, longest);
    timer.unref();
    let over = false;
    function leave(): void {
      if (over) return;
      over = true;
      clearTimeout(timer);
      taken -= places;
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
      const turn = last.then(() => take(alone, signal));
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
