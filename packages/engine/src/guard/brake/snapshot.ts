import type { BrakeContent } from './brake-file.ts';
import { budgetIdentity } from './budget.ts';
import type { KeyState, Ledger } from './ledger.ts';
import type { SteadyClock } from './steady-clock.ts';

/** What a restart must not reset, as spans of time: clocks are not the same after it. */
export function contentOf(ledgers: readonly Ledger[], clock: SteadyClock): BrakeContent {
  const now = clock.now();
  return {
    version: 1,
    boot: clock.boot ?? '',
    at: now,
    budgets: ledgers.map((ledger) => ({
      identity: budgetIdentity(ledger.budget),
      keys: ledger.entries(now).map(([key, { acts, engaged }]) => ({
        key,
        acts: acts.map(({ at, step }) => ({ age: now - at, step })),
        ...(engaged && { engaged: writtenBrake(engaged, now) }),
      })),
    })),
  };
}

/**
 * Time passes while the process is down when the same machine still counts it. Where nobody can say how long that was, it
 * was no time at all: a clock that was set forward meanwhile releases nothing, and no brake outlasts its cool-down.
 */
export function restoreLedgers(ledgers: readonly Ledger[], content: BrakeContent, clock: SteadyClock): void {
  const now = clock.now();
  const same = clock.boot !== undefined && clock.boot === content.boot;
  const down = same ? Math.max(0, now - content.at) : 0;
  for (const ledger of ledgers) {
    const { budget } = ledger;
    const kept = content.budgets.find(({ identity }) => identity === budgetIdentity(budget));
    for (const { key, acts, engaged } of kept?.keys ?? []) {
      const state: KeyState = { acts: acts.map(({ age, step }) => ({ at: now - age - down, step })) };
      if (engaged) {
        const { left, ...brake } = engaged;
        state.engaged = { ...brake, until: now + Math.min(left, budget.coolDown) - down };
      }
      ledger.restore(key, state);
    }
  }
}

function writtenBrake({ until, ...brake }: NonNullable<KeyState['engaged']>, now: number) {
  return { ...brake, notifiers: [...brake.notifiers], left: until - now };
}
