import { errorText, isOfAttempt, TalonError, type Entry } from '@falco-talon/core';

/**
 * What they will be when they are read: `undefined` becomes null.
 * @throws TalonError when one is no JSON, before anything is written
 */
export function storable(entries: readonly Entry[]): Entry[] {
  try {
    return entries.map(({ step, kind, data }) => ({
      step,
      kind,
      data: JSON.parse(JSON.stringify(data) ?? 'null') as unknown,
    }));
  } catch (error) {
    throw new TalonError('queue_failed', `A journal entry cannot be stored as JSON: ${errorText(error)}`, {
      cause: error,
    });
  }
}

/** A journal that goes to another delivery: attempts count from one there. */
export function carried(entries: readonly Entry[]): Entry[] {
  return storable(entries).filter((entry) => !isOfAttempt(entry));
}
