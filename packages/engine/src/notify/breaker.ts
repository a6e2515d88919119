import { pause } from '../calls/backoff.ts';

/** Calls in a row that must fail before a destination is left alone. */
const FAILURES = 5;
/** Milliseconds it is left alone first; twice as long after each further failure. */
const FIRST = 1_000;
const LONGEST = 30_000;

/** Keeps a destination that does not answer from being asked again and again. */
export interface Breaker {
  /**
   * Resolves when the destination may be called: at once while it answers, else one caller at a time, after a while.
   * @throws TalonError `aborted`
   */
  pass(signal: AbortSignal): Promise<void>;
  /** The call that had passed got through, whatever was answered to it. True: it had not before. */
  succeeded(): boolean;
  /** It did not. True: the destination is left alone from now on. */
  failed(): boolean;
  isOpen(): boolean;
}

export function createBreaker(now: () => number = () => performance.now()): Breaker {
  let failures = 0;
  let wait = FIRST;
  let openUntil = 0;
  let trying = false;

  return {
    async pass(signal) {
      while (failures >= FAILURES) {
        const left = openUntil - now();
        if (left <= 0 && !trying) {
          trying = true;
          return;
        }
        // Whoever waits behind the one that tries looks again when it may have been answered.
        await pause(Math.max(left, FIRST / 4), signal);
      }
    },
    succeeded() {
      const closed = failures >= FAILURES;
      failures = 0;
      wait = FIRST;
      trying = false;
      return closed;
    },
    failed() {
      failures++;
      if (failures < FAILURES) return false;
      trying = false;
      openUntil = now() + wait;
      wait = Math.min(wait * 2, LONGEST);
      return failures === FAILURES;
    },
    isOpen: () => failures >= FAILURES,
  };
}
