/** Waits for what some part of a test notes, without polling. */
export interface Conditions {
  /** Something was noted: conditions are looked at again. */
  readonly check: () => void;
  /** Resolves as soon as the condition is true at a check, or now. */
  readonly until: (condition: () => boolean) => Promise<void>;
}

export function createConditions(): Conditions {
  const waiting = new Set<() => void>();
  return {
    check() {
      for (const look of waiting) look();
    },
    until(condition) {
      if (condition()) return Promise.resolve();
      return new Promise((resolve) => {
        const look = () => {
          if (!condition()) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
      });
    },
  };
}
