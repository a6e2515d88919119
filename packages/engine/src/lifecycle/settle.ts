import { asTalonError, isTalonError, type Delivery, type Entry, type FalcoEvent, type Logger } from '@falco-talon/core';
import { untilWritten } from '../calls/retry.ts';
import type { ClientLease } from '../clients/client-pool.ts';
import { entries } from '../journal/journal.ts';

export interface SettleDeps {
  readonly logger: Logger;
  /** Aborted when the work on this event is to stop: the process stops, or another replica leads. */
  readonly signal: AbortSignal;
  /** Aborted when the process waits for nothing any more; outlives a lead. */
  readonly closing: AbortSignal;
}

/** How the work on an event's steps ended; interrupted: it goes on later, and this attempt does not count. */
export type Ending = 'complete' | { readonly interrupted: string } | 'failed';

/** Undefined: it is a failure. */
export function interruptionOf(error: unknown, signal: AbortSignal): Ending | undefined {
  if (signal.aborted) return { interrupted: reasonOf(signal) };
  if (!isTalonError(error) || (error.code !== 'aborted' && error.code !== 'not_leading')) return undefined;
  return { interrupted: error.message };
}

function reasonOf({ reason }: AbortSignal): string {
  return isTalonError(reason) ? reason.message : 'Falco Talon stopped';
}

export interface Settled {
  readonly event: FalcoEvent;
  readonly delivery: Delivery;
  readonly lease: ClientLease;
  /** Uploads and notifications. */
  readonly effects: readonly Promise<void>[];
  /** Of each result: what could not be written into the journal, but may be one day. */
  readonly unsaved: readonly Promise<readonly Entry[]>[];
}

/** Ends the message when its uploads and notifications have ended; what was interrupted is delivered again. Never rejects. */
export async function settleEvent(
  { event, delivery, lease, effects, unsaved }: Settled,
  ending: Ending,
  deps: SettleDeps,
): Promise<void> {
  const results = await Promise.allSettled(effects);
  // Its clients may close meanwhile: settling can take as long as a disk is full.
  const released = lease.release();
  try {
    const failed = results.find((result) => result.status === 'rejected');
    // As long as it takes: a disk that is full would leave it to be done once more after a restart.
    if (ending === 'complete' && !failed) await untilWritten(deps.closing, () => delivery.settle({ kind: 'done' }));
    else if (typeof ending === 'object') await postpone(delivery, ending.interrupted, deps, unsaved);
    else if (deps.signal.aborted) await postpone(delivery, reasonOf(deps.signal), deps, unsaved);
    else if (ending === 'complete') throw failed?.reason;
  } catch (thrown) {
    const error = asTalonError(thrown);
    const fields = { event: event.id, trace_id: event.traceId, error: error.message };
    if (error.code === 'not_leading') deps.logger.info('another replica goes on with an event', fields);
    else deps.logger.error('event not settled', fields);
  } finally {
    await released;
  }
}

/**
 * Delivered again: after the restart, when another replica leads, when the journal can be written. This attempt does not
 * count against the event. Tried until the process closes: an event that is not settled waits for a restart.
 */
export async function postpone(
  delivery: Delivery,
  reason: string,
  { logger, closing }: Pick<SettleDeps, 'logger' | 'closing'>,
  unsaved: Settled['unsaved'],
): Promise<void> {
  const late = (await Promise.all(unsaved)).flat();
  let noted = false;
  await untilWritten(closing, async () => {
    if (!noted) await note();
    noted = true;
    await delivery.settle({ kind: 'later', at: 0, reason });
  });

  async function note(): Promise<void> {
    try {
      await delivery.append([...late, entries.postponed(reason)]);
    } catch (thrown) {
      const error = asTalonError(thrown);
      if (error.retryable) throw error;
      if (error.code === 'not_leading') return;
      const { id, headers } = delivery.message;
      logger.error('journal not written', { event: id, trace_id: headers['trace-id'], error: error.message });
    }
  }
}
