import type { Budget } from './budget.ts';

/**
 * Actions and keys one budget remembers together. Nothing inside its window is forgotten before its time, since forgetting
 * would give a busy key a new budget: when there is no room for one more, the brake of all keys is engaged.
 */
export const MOST_REMEMBERED = 20_000;
/** The key of what a full ledger cannot tell apart any more. No scope has it: names are not empty. */
export const ALL_KEYS = '';

/** One action that was let through. */
export interface Act {
  /** On the clock of the caller, which never goes back. Milliseconds. */
  readonly at: number;
  /** Short hash of the step's id. */
  readonly step: string;
}

/** A brake that is on. */
export interface Engaged {
  readonly until: number;
  /** What people are told it is about. */
  readonly label: string;
  /** Told when it is released: those who were told that it was engaged. */
  readonly notifiers: readonly string[];
  /** Of the action that was one too many. */
  readonly rule: string;
  readonly event: string;
  readonly traceId: string;
  observed: number;
  /** People have been told that it is on. */
  told: boolean;
}

export interface KeyState {
  readonly acts: Act[];
  engaged?: Engaged;
}

export interface Released extends Engaged {
  readonly key: string;
}

/** What one budget has counted. Pure: the caller brings the time. */
export interface Ledger {
  readonly budget: Budget;
  /** Whether this step has been counted within the window. */
  has(key: string, step: string, now: number): boolean;
  /** The brake this key is under. */
  engaged(key: string): Engaged | undefined;
  /** The key that is out of budget, were there one more action: this one, or all of them. */
  exhausted(key: string, now: number): string | undefined;
  count(key: string, act: Act): void;
  engage(key: string, brake: Engaged): void;
  /** Ends the brakes whose time is over; their keys begin with a full budget. */
  release(now: number): readonly Released[];
  /** When the next brake ends. */
  nextRelease(): number | undefined;
  engagedCount(): number;
  /** What is worth keeping over a restart. */
  entries(now: number): readonly (readonly [string, KeyState])[];
  restore(key: string, state: KeyState): void;
}

export function createLedger(budget: Budget, most = MOST_REMEMBERED): Ledger {
  const keys = new Map<string, KeyState>();
  const brakes = new Set<string>();
  let acts = 0;
  let sweptAt = -Infinity;

  function stateOf(key: string): KeyState {
    const known = keys.get(key);
    if (known) return known;
    const state: KeyState = { acts: [] };
    keys.set(key, state);
    return state;
  }

  /** Forgets what has left the window, and the key with its last action. */
  function prune(key: string, now: number): void {
    const state = keys.get(key);
    if (!state) return;
    const live = state.acts.findIndex(({ at }) => at > now - budget.window);
    acts -= state.acts.splice(0, live === -1 ? state.acts.length : live).length;
    if (state.acts.length === 0 && !state.engaged) keys.delete(key);
  }

  function isFull(now: number): boolean {
    if (acts + keys.size < most) return false;
    // At most once a second: a sweep looks at everything.
    if (now - sweptAt >= 1000) {
      sweptAt = now;
      for (const key of keys.keys()) prune(key, now);
    }
    return acts + keys.size >= most;
  }

  return {
    budget,
    has(key, step, now) {
      prune(key, now);
      return keys.get(key)?.acts.some((act) => act.step === step) ?? false;
    },
    engaged: (key) => keys.get(ALL_KEYS)?.engaged ?? keys.get(key)?.engaged,
    exhausted(key, now) {
      prune(key, now);
      if ((keys.get(key)?.acts.length ?? 0) >= budget.limit) return key;
      return isFull(now) ? ALL_KEYS : undefined;
    },
    count(key, act) {
      stateOf(key).acts.push(act);
      acts++;
    },
    engage(key, brake) {
      stateOf(key).engaged = brake;
      brakes.add(key);
    },
    release(now) {
      const released: Released[] = [];
      for (const key of brakes) {
        const state = keys.get(key);
        if (!state?.engaged || state.engaged.until > now) continue;
        released.push({ ...state.engaged, key });
        acts -= state.acts.length;
        keys.delete(key);
        brakes.delete(key);
      }
      return released;
    },
    nextRelease() {
      const ends = Array.from(brakes, (key) => keys.get(key)?.engaged?.until ?? Infinity);
      return ends.length === 0 ? undefined : Math.min(...ends);
    },
    engagedCount: () => brakes.size,
    entries(now) {
      for (const key of keys.keys()) prune(key, now);
      return [...keys];
    },
    restore(key, state) {
      acts -= keys.get(key)?.acts.length ?? 0;
      keys.set(key, state);
      acts += state.acts.length;
      if (state.engaged) brakes.add(key);
    },
  };
}
