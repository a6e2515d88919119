/**
 * Kinds of entries that speak of an attempt, as the contract's `isOfAttempt` has them: a spec compares the two. The worker, which
 * needs this, imports nothing of the workspace.
 */
const OF_ATTEMPT = new Set(['begun', 'postponed']);

/** What of a journal goes with its message: attempts count from one again, so what tells of earlier ones is left out. */
export function carried<T extends { readonly kind: string }>(journal: readonly T[]): T[] {
  return journal.filter(({ kind }) => !OF_ATTEMPT.has(kind));
}
