import type { CallName, Calls } from '../protocol.ts';

/** What the store does for each call. `now`: milliseconds since the epoch, when the group was sent. */
export type CallTable = {
  readonly [K in CallName]: (input: Calls[K]['input'], now: number) => Calls[K]['output'];
};

/** A refusal that is not the database's fault. */
export class Full extends Error {}
