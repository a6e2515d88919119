import { isOfAttempt } from '@falco-talon/core';

/** What of a journal goes with its message: attempts count from one again, so what tells of earlier ones is left out. */
export function carried<T extends { readonly kind: string }>(journal: readonly T[]): T[] {
  return journal.filter((entry) => !isOfAttempt(entry));
}
