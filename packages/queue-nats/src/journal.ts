import { TalonError, type Entry } from '@falco-talon/core';
import { storable } from './entries.ts';
import { Conflict } from './failure.ts';
import { decodeJournal, encodeFrame, type JournalRecord } from './frame.ts';
import type { Layout } from './layout.ts';
import type { Link } from './link.ts';
import { newNonce } from './publisher.ts';

export interface JournalDeps {
  readonly link: Link;
  readonly layout: Layout;
  readonly now: () => number;
}

/** The record of one message while it is handled here. Each change replaces it as a whole. */
export interface Journal {
  readonly attempt: number;
  readonly entries: readonly Entry[];
  /** With what was appended since. */
  readonly entriesNow: () => readonly Entry[];
  /** The revision that stands. */
  readonly revision: () => number;
  append(entries: readonly Entry[]): Promise<void>;
  end(state: JournalRecord['state'], notBefore: number, reason: string): Promise<void>;
  /** The attempt was never begun after all. */
  takeBack(): Promise<void>;
}

export type Opened =
  | { readonly kind: 'begun'; readonly journal: Journal }
  | { readonly kind: 'later'; readonly at: number }
  | { readonly kind: 'done'; readonly revision: number }
  | { readonly kind: 'dead'; readonly revision: number; readonly record: JournalRecord }
  | { readonly kind: 'unreadable'; readonly revision: number };

/**
 * Counts an attempt, before its handler runs. Most messages are new: the first write says so, and only when there is a record
 * already it is read.
 * @throws Conflict when another replica writes it at the same moment
 */
export async function openJournal(
  deps: JournalDeps,
  event: { readonly nonce: string; readonly seq: number },
  initial: readonly Entry[],
): Promise<Opened> {
  const { link, layout, now } = deps;
  const fresh = createJournal(deps, event, { revision: 0, attempt: 1, entries: initial });
  try {
    await fresh.begin();
    return { kind: 'begun', journal: fresh };
  } catch (error) {
    if (!(error instanceof Conflict)) throw error;
  }
  const stored = await link.last(layout.state, layout.journalSubject(event.nonce));
  if (!stored) throw new Conflict();
  const record = decodeJournal(stored.data);
  if (!record) return { kind: 'unreadable', revision: stored.seq };
  if (record.state === 'done') return { kind: 'done', revision: stored.seq };
  if (record.state === 'dead') return { kind: 'dead', revision: stored.seq, record };
  if (record.notBefore > now()) return { kind: 'later', at: record.notBefore };
  const journal = createJournal(deps, event, {
    revision: stored.seq,
    attempt: record.attempt + 1,
    entries: record.entries,
  });
  await journal.begin();
  return { kind: 'begun', journal };
}

/**
 * All that is left to do about a message is to delete it. Answers the new revision.
 * @throws Conflict when another replica writes it at the same moment
 */
export function endJournal(
  { link, layout, now }: JournalDeps,
  event: { readonly nonce: string; readonly seq: number },
  revision: number,
  attempt: number,
): Promise<number> {
  const record: JournalRecord = {
    state: 'done',
    attempt,
    notBefore: 0,
    reason: '',
    entries: [],
    at: now(),
    writer: newNonce(),
    nonce: event.nonce,
    event: event.seq,
  };
  return link.replace(layout.state, layout.journalSubject(event.nonce), encodeFrame(record), revision);
}

function createJournal(
  { link, layout, now }: JournalDeps,
  event: { readonly nonce: string; readonly seq: number },
  start: { readonly revision: number; readonly attempt: number; readonly entries: readonly Entry[] },
): Journal & { begin(): Promise<void> } {
  const subject = layout.journalSubject(event.nonce);
  const writer = newNonce();
  let { revision } = start;
  let writes = 0;
  let entries = start.entries;
  let last: Promise<void> = Promise.resolve();

  /** One after the other, each against the revision the one before has made. */
  function write(change: () => Partial<JournalRecord>): Promise<void> {
    const next = last.then(() => put(change()));
    last = next.catch(() => {});
    return next;
  }

  async function put(change: Partial<JournalRecord>): Promise<void> {
    const record = { state: 'open', attempt: start.attempt, notBefore: 0, reason: '', entries, ...change } as const;
    const data = encodeFrame({
      ...record,
      at: now(),
      writer: `${writer}/${++writes}`,
      nonce: event.nonce,
      event: event.seq,
    });
    refuseTooLarge(data);
    try {
      revision = await link.replace(layout.state, subject, data, revision);
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
      // A write of this delivery that was given up may have arrived after all.
      const now = await link.last(layout.state, subject);
      if (!now || !decodeJournal(now.data)?.writer.startsWith(`${writer}/`)) throw error;
      revision = await link.replace(layout.state, subject, data, now.seq);
    }
    entries = record.entries;
  }

  function refuseTooLarge(data: Uint8Array): void {
    const most = link.connection.info?.max_payload ?? Infinity;
    if (data.byteLength <= most - 1024) return;
    throw new TalonError(
      'queue_failed',
      `The journal of an event is too large for NATS: ${data.byteLength} bytes, max_payload of the server is ${most}.`,
    );
  }

  return {
    attempt: start.attempt,
    entries: start.entries,
    entriesNow: () => entries,
    revision: () => revision,
    begin: () => write(() => ({})),
    append(added) {
      const more = storable(added);
      return write(() => ({ entries: [...entries, ...more] }));
    },
    end: (state, notBefore, reason) =>
      write(() => ({ state, notBefore, reason, ...(state === 'done' && { entries: [] }) })),
    takeBack: () => write(() => ({ attempt: start.attempt - 1 })),
  };
}
