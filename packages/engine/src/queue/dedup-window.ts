/** Keys remembered at most; beyond it the oldest is forgotten: rather an event twice than an event lost. */
const MOST_KEYS = 100_000;

export interface DedupWindow {
  /** True when the key was accepted less than `window` milliseconds before `now`. */
  seen(key: string, window: number, now: number): boolean;
  accept(key: string, window: number, now: number): void;
  readonly size: () => number;
}

export function dedupWindow(mostKeys: number = MOST_KEYS): DedupWindow {
  /** Oldest first: a key accepted again moves to the end. */
  const accepted = new Map<string, { at: number; expires: number }>();

  function forgetExpired(now: number): void {
    for (const [key, { at, expires }] of accepted) {
      // An `at` ahead of `now`: the clock was set back.
      if (expires > now && at <= now && accepted.size <= mostKeys) return;
      accepted.delete(key);
    }
  }

  return {
    seen(key, window, now) {
      const entry = accepted.get(key);
      return entry !== undefined && now >= entry.at && now - entry.at < window;
    },
    accept(key, window, now) {
      accepted.delete(key);
      accepted.set(key, { at: now, expires: now + window });
      forgetExpired(now);
    },
    size: () => accepted.size,
  };
}
