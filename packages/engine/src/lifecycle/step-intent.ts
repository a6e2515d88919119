import { asTalonError, type Actionner, type Entry, type Logger } from '@falco-talon/core';
import type { StepRun } from '../act/attempt.ts';
import { entries } from '../journal/journal.ts';
import type { PlannedStep } from '../plan/plan.ts';
import type { Case } from './case.ts';
import { append } from './step-effects.ts';

type Facts = Parameters<StepRun['saveIntent']>[0];

/** What the journal is told before a step acts that cannot be repeated. */
export interface StepIntent {
  readonly save: StepRun['saveIntent'];
  /** It was to be saved and is not in the journal, as far as is known, but may be one day. */
  readonly isMissing: () => boolean;
  /**
   * It is known that nothing came of it, though it may be in the journal by now, or come there late: a write that failed may
   * have arrived. Without this the next delivery could only take the step for one that was interrupted while it acted.
   */
  readonly withdraw: () => void;
}

export function createStepIntent(
  current: Pick<Case, 'delivery' | 'savePlan' | 'unsaved'>,
  step: PlannedStep,
  actionner: Actionner,
  logger: Logger,
): StepIntent {
  const { delivery, savePlan } = current;
  let missing = false;
  let asked: { readonly facts: Facts } | undefined;

  return {
    // What can be repeated may act while the plan is being written; what cannot waits for both.
    async save(facts) {
      asked = { facts };
      missing = true;
      try {
        await Promise.all([savePlan(), delivery.append([entries.intent(step.id, facts)])]);
        missing = false;
      } catch (error) {
        missing = asTalonError(error).retryable;
        throw error;
      }
    },
    isMissing: () => missing,
    withdraw() {
      // One that can look is asked: it knows better than the way its attempts failed.
      if (!asked || actionner.settled) return;
      // At once: another replica may be about to read it. Entries stand in the order of the calls, also of those that failed.
      void writeOrKeep(current, [entries.withdrawn(step.id, asked.facts)], logger);
      asked = undefined;
    },
  };
}

/** What cannot be written now goes with the note that the event is put off. Never rejects. */
export function writeOrKeep(
  { delivery, unsaved }: Pick<Case, 'delivery' | 'unsaved'>,
  written: readonly Entry[],
  logger: Logger,
): Promise<void> {
  const write = delivery.append(written);
  unsaved.push(
    write.then(
      () => [],
      (error: unknown) => (asTalonError(error).retryable ? written : []),
    ),
  );
  return append(delivery, logger, () => write);
}
