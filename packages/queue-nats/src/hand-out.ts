import { errorText, type Delivery, type Logger, type Settlement } from '@falco-talon/core';
import type { Work } from './at-work.ts';
import type { Backlog, Item } from './backlog.ts';
import { removeRetried } from './dead-letters.ts';
import { createDelivery } from './delivery.ts';
import { load, type Damage, type Endings } from './endings.ts';
import { openJournal, type Journal } from './journal.ts';
import type { Layout } from './layout.ts';
import type { Link } from './link.ts';

/** Milliseconds until the next try when NATS does not answer, or another replica was faster. */
export const RETRY = 500;
/** A handler that rejects: first and longest delay of the redelivery, milliseconds. */
const REJECTED_DELAY = [200, 60_000] as const;

export type Handler = (delivery: Delivery) => Promise<void>;

export interface HandOutDeps {
  readonly link: Link;
  readonly layout: Layout;
  readonly partitions: number;
  readonly backlog: Backlog;
  readonly damage: Damage;
  readonly endings: Endings;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly logger: Logger;
  readonly isStopped: () => boolean;
  /** Back in line, unless it is another replica's; `at`: milliseconds since the epoch. */
  readonly again: (item: Item, at: number) => void;
  /** Nothing of it runs here any more. */
  readonly ended: (work: Work) => void;
}

/**
 * Brings one message to the handler and back. `before`: what must have begun earlier; `begun`: called when this one has.
 * Resolves when the handler has returned; what it was about may go on until it is settled.
 */
export function createHandOut(deps: HandOutDeps, handler: Handler) {
  const { link, layout, backlog, damage, endings, now, logger, isStopped, again, ended } = deps;

  /** Counts the attempt; nothing when there is nothing to hand out. */
  async function begin(item: Item): Promise<Journal | undefined> {
    if (!item.message && !(await load(link, layout, item))) {
      backlog.forget(item);
      return undefined;
    }
    if (item.letter !== undefined && item.message) await removeRetried(deps, item.letter, item.message.id);
    const opened = await openJournal(deps, item, item.message?.journal ?? []);
    if (opened.kind === 'begun') return opened.journal;
    if (opened.kind === 'later') again(item, opened.at);
    else if (opened.kind === 'done') await endings.removed(item, opened.revision);
    else if (opened.kind === 'dead') {
      const { reason, attempt, at, entries } = opened.record;
      await endings.buried(item, opened.revision, { reason, attempts: attempt, at, journal: entries });
    } else {
      logger.error('a message was set aside: its journal cannot be read', { seq: item.seq });
      const reason = 'its journal is damaged: what was done already is not known';
      damage.messages++;
      await endings.buried(item, opened.revision, { reason, attempts: 0, at: now() });
    }
    return undefined;
  }

  function mayHandle({ tenure }: Work): boolean {
    try {
      tenure.check();
      return !isStopped();
    } catch {
      return false;
    }
  }

  async function handOut(work: Work, journal: Journal, begun: () => void): Promise<void> {
    const { item, tenure } = work;
    const { message } = item;
    if (!message || !mayHandle(work)) {
      // Not awaited by anybody: if it fails, an attempt is counted that was none.
      journal.takeBack().catch(() => {});
      again(item, now());
      return ended(work);
    }
    let outcome: Settlement | undefined;
    let returned = false;
    let over = false;
    const delivery = createDelivery({
      message,
      journal,
      tenure,
      async onSettled(settlement) {
        if (settlement.kind === 'done') await endings.removed(item, journal.revision());
        if (settlement.kind === 'dead') {
          const { attempt: attempts } = journal;
          const particulars = { reason: settlement.reason, attempts, at: now(), journal: journal.entriesNow() };
          await endings.buried(item, journal.revision(), particulars);
        }
        finish(settlement);
      },
      onTaken(final) {
        work.interrupt();
        if (final) finish({ kind: 'later', at: now() + RETRY, reason: '' });
      },
    });
    /** A message put off is not given to a second handler while the first one still runs. */
    function finish(end: Settlement | undefined): void {
      outcome ??= end;
      if (!outcome || !returned || over) return;
      over = true;
      if (outcome.kind === 'later') again(item, outcome.at);
      ended(work);
    }
    // The handler keeps the body: it need not be kept here as well.
    item.message = undefined;
    begun();
    let rejected: Settlement | undefined;
    try {
      await handler(delivery);
    } catch (error) {
      if (!isStopped()) logger.error('the handler of a message failed', { id: message.id, error: errorText(error) });
      if (!delivery.settled()) rejected = await putOff(delivery, journal.attempt);
    }
    returned = true;
    finish(rejected);
  }

  async function putOff(delivery: Delivery, attempt: number): Promise<Settlement> {
    const at = now() + Math.min(REJECTED_DELAY[0] * 2 ** (attempt - 1), REJECTED_DELAY[1]);
    const later = { kind: 'later', at, reason: 'the handler failed' } as const;
    // What cannot be recorded is tried again all the same; another replica's record is found then.
    await delivery.settle(later).catch(() => {});
    return later;
  }

  return async (work: Work, before: Promise<void> | undefined, begun: () => void): Promise<void> => {
    let journal: Journal | undefined;
    try {
      journal = await begin(work.item);
      await before;
    } catch (error) {
      ended(work);
      throw error;
    }
    if (journal) await handOut(work, journal, begun);
    else ended(work);
  };
}
