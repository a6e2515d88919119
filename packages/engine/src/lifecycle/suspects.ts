import { TalonError } from '@falco-talon/core';
import type { Journal } from '../journal/journal.ts';

/**
 * Deliveries whose last process ended while it had them: one of them may be what ended it, most of them only stood beside
 * it. They begin a few at a time, in the order of their delivery, and only what has begun counts as an attempt. The last
 * attempt of an event is made when no other suspect is at work, so that whatever ends the process once more is the culprit;
 * and not soon after the start, so that a process somebody else kills again and again is no proof against it.
 */
export interface Suspects {
  /**
   * Resolves with the function that ends it; in the order of the calls, last attempts apart.
   * @throws the signal's reason; TalonError `aborted` when nobody is to begin any more
   */
  begin(alone: boolean, signal: AbortSignal): Promise<() => void>;
  /** Of those that wait for their turn. */
  readonly waiting: number;
  /** Nobody begins any more: the process stops, and need not wait for those that have not. */
  end(): void;
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
  /** Milliseconds a process has lived before a last attempt is made in it. */
  readonly patience: number;
  /** Milliseconds since some moment. */
  readonly elapsed: () => number;
}

const LIMITS: SuspectLimits = {
  few: 4,
  many: 64,
  calm: 5_000,
  longest: 1_000,
  patience: 10_000,
  elapsed: () => performance.now(),
};
/** Deliveries, by attempts there may be: should matching an event end the process before there is a plan, it ends too. */
const MOST_DELIVERIES = 10;

export function createSuspects(limits: Partial<SuspectLimits> = {}): Suspects {
  const { few, many, calm, longest, patience, elapsed } = { ...LIMITS, ...limits };
  const startedAt = elapsed();
  const ending = new AbortController();
  let waiting = 0;
  let taken = 0;
  /** Last attempts whose time has come: nothing else begins before they are over. */
  let due = 0;
  const lines = { few: Promise.resolve<unknown>(undefined), alone: Promise.resolve<unknown>(undefined) };
  let changed = Promise.withResolvers<void>();

  /** Asked again whenever one leaves, which is soon. */
  function room(): number {
    return Math.min(many, few * 2 ** Math.floor((elapsed() - startedAt) / calm));
  }

  async function take(signal: AbortSignal): Promise<() => void> {
    while ((due > 0 || taken >= room()) && !signal.aborted) await changed.promise;
    signal.throwIfAborted();
    return occupy(1);
  }

  async function takeAll(signal: AbortSignal): Promise<() => void> {
    // Looked at once more when it is over: a timer may come a moment early.
    for (let young = patience; young > 0 && !signal.aborted; young = startedAt + patience - elapsed()) {
      const timer = setTimeout(wake, Math.ceil(startedAt + patience - elapsed()));
      timer.unref();
      await changed.promise;
      clearTimeout(timer);
    }
    due++;
    while (taken > 0 && !signal.aborted) await changed.promise;
    due--;
    signal.throwIfAborted();
    return occupy(many);
  }

  function occupy(places: number): () => void {
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
    begin(alone, given) {
      const signal = AbortSignal.any([given, ending.signal]);
      signal.addEventListener('abort', wake, { once: true });
      waiting++;
      const line = alone ? 'alone' : 'few';
      const turn = lines[line].then(() => (alone ? takeAll(signal) : take(signal)));
      lines[line] = turn.catch(() => {});
      void lines[line].then(() => {
        waiting--;
        signal.removeEventListener('abort', wake);
      });
      return turn;
    },
    get waiting() {
      return waiting;
    },
    end: () => ending.abort(new TalonError('aborted', 'Falco Talon is stopping')),
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
