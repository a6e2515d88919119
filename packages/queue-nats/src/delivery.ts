import { TalonError, type Delivery, type Message, type Settlement, type Tenure } from '@falco-talon/core';
import { Conflict } from './failure.ts';
import type { Journal } from './journal.ts';

const REASON_LENGTH = 1000;

export interface DeliveryDeps {
  readonly message: Message;
  readonly journal: Journal;
  readonly tenure: Tenure;
  /** After the end is recorded: what follows from it. */
  readonly onSettled: (end: Settlement) => Promise<void>;
  /** Another replica wrote the record. `final`: no end can be recorded here any more. */
  readonly onTaken: (final: boolean) => void;
}

/**
 * What handlers get. What it writes is true whoever has the partition by then, and is refused when another replica has begun
 * the message; what may be done on the strength of it is the tenure's to say.
 */
export function createDelivery(deps: DeliveryDeps): Delivery & { readonly settled: () => boolean } {
  const { journal, tenure } = deps;
  const { journal: _, dedup: __, notBefore: ___, ...message } = deps.message;
  let state: 'open' | 'settling' | 'settled' = 'open';

  function refuseUnlessOpen(): void {
    if (state !== 'open')
      throw new TalonError('queue_failed', `The delivery of message ${message.id} was settled already.`);
  }

  function taken(error: unknown, final: boolean): unknown {
    if (!(error instanceof Conflict)) return error;
    deps.onTaken(final);
    return new TalonError('not_leading', `Another replica has taken message ${message.id} over.`, { cause: error });
  }

  return {
    message,
    attempt: journal.attempt,
    journal: journal.entries,
    tenure,
    async append(entries) {
      refuseUnlessOpen();
      if (entries.length === 0) return;
      try {
        await journal.append(entries);
      } catch (error) {
        throw taken(error, false);
      }
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
        state = error instanceof Conflict ? 'settled' : 'open';
        throw taken(error, true);
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
