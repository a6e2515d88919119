import { TalonError, type Delivery, type Entry, type Settlement } from '@falco-talon/core';
import type { Channel } from './channel.ts';
import type { LoadedMessage, WireSettlement } from './protocol.ts';
import { withinLimit } from './time-limit.ts';
import { entriesToWire, escapeText, fromWire, wholeMilliseconds } from './wire.ts';

const REASON_LENGTH = 1000;

/** What handlers get. `onSettled` is called once, when the end is on disk, even when the caller was told of a time limit. */
export function createDelivery(
  channel: Channel,
  key: string,
  row: LoadedMessage,
  onSettled: (end: Settlement) => void,
): Delivery & { readonly settled: () => boolean } {
  const { message, journal } = fromWire(key, row);
  let state: 'open' | 'settling' | 'settled' = 'open';
  let { next } = row;

  function refuseUnlessOpen(): void {
    if (state !== 'open')
      throw new TalonError('queue_failed', `The delivery of message ${message.id} was settled already.`);
  }

  async function append(entries: readonly Entry[]): Promise<void> {
    refuseUnlessOpen();
    if (entries.length === 0) return;
    const from = next;
    const wire = entriesToWire(entries);
    // Numbers are never used again: an append that failed may have been stored after all.
    next += entries.length;
    await withinLimit(channel.call('append', { seq: row.seq, from, entries: wire }));
  }

  async function settle(end: Settlement): Promise<void> {
    refuseUnlessOpen();
    state = 'settling';
    const stored = channel.call('settle', { seq: row.seq, end: settlementToWire(end) }).then(() => {
      if (state === 'settled') return;
      state = 'settled';
      onSettled(end);
    });
    try {
      await withinLimit(stored);
    } catch (error) {
      if (state === 'settling') state = 'open';
      throw error;
    }
  }

  return {
    message,
    attempt: row.attempt,
    journal,
    append,
    keepAlive: () => {},
    settle,
    settled: () => state !== 'open',
  };
}

function settlementToWire(end: Settlement): WireSettlement {
  if (end.kind === 'done') return end;
  const reason = escapeText(end.reason.slice(0, REASON_LENGTH));
  return end.kind === 'later' ? { kind: 'later', at: wholeMilliseconds(end.at), reason } : { kind: 'dead', reason };
}
