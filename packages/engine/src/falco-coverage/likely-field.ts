import { nearest } from '@falco-talon/core';

/** The field that was probably meant by one that no alert and no actionner knows. */
export function likelyField(field: string, known: ReadonlySet<string>): string | undefined {
  return known.has(field) ? undefined : nearest(field, known);
}
