import { TalonError, type Delivery, type Message, type Settlement } from '@falco-talon/core';
import type { Journal } from './journal.ts';

const REASON_LENGTH = 1000;

export interface DeliveryDeps {
  readonly message: Message;
  readonly journal: Journal;
  /** Throws when this replica may handle the message no more. */
  readonly checkLease: () => void;
  /** After the end is recorded: what follows from it. */
  readonly onSettled: (end: Settlement) => Promise<void>;
}

/** What handlers get. */
export function createDelivery(deps: DeliveryDeps): Delivery & { readonly settled: () => boolean } {
  const { journal, checkLease } = deps;
  const { journal: _, dedup: __, notBefore: ___, ...message } = deps.message;
  let state: 'open' | 'settling' | 'settled' = 'open';

  function refuseUnlessOpen(): void {
    if (state !== 'open')
      throw new TalonError('queue_failed', `The delivery of message ${message.id} was settled already.`);
  }

  return {
    message,
    attempt: journal.attempt,
    journal: journal.entries,
    async append(entries) {
      refuseUnlessOpen();
      if (entries.length === 0) return;
      checkLease();
      await journal.append(entries);
      // What the entry announces must not be done by a replica that was asleep while it was stored.
      checkLease();
    },
    // The lease of the replica covers whatever it handles, however long it takes.
    keepAlive: () => {},
    async settle(end) {
      refuseUnlessOpen();
      state = 'settling';
      try {
        const reason = end.kind === 'done' ? '' : end.reason.slice(0, REASON_LENGTH);
        const at = end.kind === 'later' ? wholeMilliseconds(end.at) : 0;
        await journal.end(end.kind === 'later' ? 'open' : end.kind, at, reason);
      } catch (error) {
        state = 'open';
        throw error;
      }
      state = 'settled';
      await deps.onSettled(end);
    },
    settled: () => state !== 'open',
  };
}

function wholeMilliseconds(value: number): number {
  if (Number.isNaN(value)) return 0;
  return Math.min(Math.max(Math.ceil(value), 0), Number.MAX_SAFE_INTEGER);
}
