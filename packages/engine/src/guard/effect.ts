import type { Actionner, Effect } from '@falco-talon/core';

/** What an actionner declares about itself. One that says it only reads cannot be destructive as well. */
export function effectOf({ idempotent, destructive = false, readOnly = false }: Actionner): Effect {
  return { idempotent, destructive, readOnly: readOnly && !destructive };
}
