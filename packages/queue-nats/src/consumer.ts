import { performance } from 'node:perf_hooks';
import {
  errorText,
  TalonError,
  type ConsumeLimits,
  type Delivery,
  type Logger,
  type Settlement,
} from '@falco-talon/core';
import type { Backlog, Item } from './backlog.ts';
import type { Broom } from './broom.ts';
import { joinCluster, type Cluster } from './cluster.ts';
import { createDelivery } from './delivery.ts';
import { createEndings, load } from './endings.ts';
import { Conflict } from './failure.ts';
import { decodeMessage } from './frame.ts';
import { openJournal, type Journal } from './journal.ts';
import type { Layout } from './layout.ts';
import type { Link, Stored } from './link.ts';
import { startReader, type Reader } from './reader.ts';
import { sweepRecords } from './sweep.ts';

/** Milliseconds until the next try when NATS does not answer, or another replica was faster. */
const RETRY = 500;
/** A handler that rejects: first and longest delay of the redelivery, milliseconds. */
const REJECTED_DELAY = [200, 60_000] as const;
/** What `setTimeout` can wait at most. */
const LONGEST_TIMER = 2 ** 31 - 1;
/** Milliseconds between two sweeps of what was left behind. */
const SWEEP = 900_000;
/** Milliseconds between two looks at a lease that does not run. */
const LEASE_LOOK = 100;

export type Handler = (delivery: Delivery) => Promise<void>;

export interface ConsumerDeps {
  readonly link: Link;
  readonly layout: Layout;
  readonly partitions: number;
  readonly lease: number;
  readonly backlog: Backlog;
  readonly broom: Broom;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly logger: Logger;
}

export interface Consumer {
  stop(): void;
  /** Resolves when it was stopped, every handler has returned and other replicas may go on. */
  readonly ended: Promise<void>;
}

/** Hands out the messages of the partitions this replica owns. */
export function startConsumer(deps: ConsumerDeps, handler: Handler, limits: ConsumeLimits): Consumer {
  const { link, layout, backlog, now, logger } = deps;
  const { promise: ended, resolve: end, reject: fail } = Promise.withResolvers<void>();
  const readers = new Map<number, Reader>();
  /** Handlers that run, and messages being begun for them. */
  const running = new Map<number, number>();
  const leaving = new Set<number>();
  /** What must have begun before the next one of its key starts. */
  const gates = new Map<string, Promise<void>>();
  let total = 0;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const sweeping = setInterval(() => void sweep(), SWEEP).unref();
  const cluster: Cluster = joinCluster({
    ...deps,
    onGained(partition) {
      readers.set(
        partition,
        startReader(deps, partition, (stored) => arrived(partition, stored)),
      );
      wake();
    },
    onLost(partition) {
      readers.get(partition)?.stop();
      readers.delete(partition);
      leaving.delete(partition);
      backlog.drop(partition);
    },
    isIdle: (partition) => !running.has(partition),
    onLeaving(partition, away) {
      if (away) leaving.add(partition);
      else leaving.delete(partition);
    },
  });

  const endings = createEndings(deps, (item) => {
    again(item, performance.now() + RETRY);
    wake();
  });

  /** One replica's work, whichever it is. */
  async function sweep(): Promise<void> {
    const mine = () => !stopped && cluster.owns(0);
    const deleted = mine() ? await sweepRecords(deps, mine).catch(() => 0) : 0;
    if (deleted > 0) logger.info('records that were left behind in NATS are deleted', { records: deleted });
  }

  function arrived(partition: number, stored: Stored): void {
    const found = decodeMessage(stored.data);
    if (!found) return void endings.discard(partition, stored);
    const { nonce, message } = found;
    const known = backlog.known(nonce);
    if (known) known.generation = link.generation();
    if (known || !readers.has(partition)) return;
    const { seq, data } = stored;
    const item = {
      seq,
      partition,
      nonce,
      key: message.key,
      generation: link.generation(),
      message,
      size: data.byteLength,
    };
    backlog.add(item, dueAt(message.notBefore ?? 0));
    wake();
  }

  /** Times of day become spans of a clock that never jumps. */
  function dueAt(at: number): number {
    return performance.now() + Math.max(at - now(), 0);
  }

  function wake(): void {
    clearTimeout(timer);
    if (stopped) return;
    if (!cluster.isValid()) return sleepUntil(performance.now() + LEASE_LOOK);
    if (total < limits.inFlight) {
      for (const item of backlog.take(limits.inFlight - total, limits.perKey, performance.now())) {
        if (leaving.has(item.partition)) {
          backlog.putBack(item, performance.now() + LEASE_LOOK);
          backlog.release(item.key);
        } else void start(item);
      }
    }
    const due = backlog.nextDue();
    if (due !== undefined && total < limits.inFlight) sleepUntil(due);
  }

  function sleepUntil(time: number): void {
    timer = setTimeout(wake, Math.min(Math.max(Math.ceil(time - performance.now()), 0), LONGEST_TIMER));
  }

  /** Puts an item back in line, unless its partition has gone. */
  function again(item: Item, due: number): void {
    if (readers.has(item.partition)) backlog.putBack(item, due);
    else backlog.forget(item);
  }

  async function start(item: Item): Promise<void> {
    count(item, 1);
    const before = gates.get(item.key);
    const begun = Promise.withResolvers<void>();
    gates.set(item.key, begun.promise);
    try {
      const opened = await begin(item);
      await before;
      if (opened) await handOut(item, opened.journal, () => begun.resolve());
    } catch (error) {
      if (!(error instanceof Conflict) && !stopped)
        logger.error('a message cannot be begun', { seq: item.seq, error: errorText(error), retry_ms: RETRY });
      again(item, performance.now() + RETRY);
    } finally {
      begun.resolve();
      if (gates.get(item.key) === begun.promise) gates.delete(item.key);
      backlog.release(item.key);
      count(item, -1);
      if (stopped && total === 0) void finish();
      else wake();
    }
  }

  function count(item: Item, by: 1 | -1): void {
    total += by;
    const left = (running.get(item.partition) ?? 0) + by;
    if (left === 0) running.delete(item.partition);
    else running.set(item.partition, left);
  }

  /** Counts the attempt; nothing when there is nothing to hand out. */
  async function begin(item: Item): Promise<{ journal: Journal } | undefined> {
    if (!item.message && !(await load(link, layout, item))) {
      backlog.forget(item);
      return undefined;
    }
    const opened = await openJournal(deps, item, item.message?.journal ?? []);
    if (opened.kind === 'begun') return opened;
    if (opened.kind === 'later') again(item, dueAt(opened.at));
    else if (opened.kind === 'done') await endings.removed(item, opened.revision);
    else if (opened.kind === 'dead') {
      const { reason, attempt, at, entries } = opened.record;
      await endings.buried(item, opened.revision, { reason, attempts: attempt, at, journal: entries });
    } else {
      logger.error('a message was set aside: its journal cannot be read', { seq: item.seq });
      const reason = 'its journal is damaged: what was done already is not known';
      await endings.buried(item, opened.revision, { reason, attempts: 0, at: now() });
    }
    return undefined;
  }

  async function handOut(item: Item, journal: Journal, begun: () => void): Promise<void> {
    const { message } = item;
    if (stopped || !message || !mayHandle(item)) {
      // Not awaited by anybody: if it fails, an attempt is counted that was none.
      journal.takeBack().catch(() => {});
      return again(item, performance.now());
    }
    let outcome: Settlement | undefined;
    const delivery = createDelivery({
      message,
      journal,
      checkLease() {
        if (!mayHandle(item)) throw lostLease(message.id);
      },
      async onSettled(settlement) {
        outcome = settlement;
        if (returned) comeBack();
        if (settlement.kind === 'done') await endings.removed(item, journal.revision());
        if (settlement.kind === 'dead') {
          const { attempt: attempts } = journal;
          const particulars = { reason: settlement.reason, attempts, at: now(), journal: journal.entriesNow() };
          await endings.buried(item, journal.revision(), particulars);
        }
      },
    });
    let returned = false;
    let back = false;
    /** A message put off is not given to a second handler while the first one still runs. */
    function comeBack(): void {
      if (outcome?.kind !== 'later' || back) return;
      back = true;
      again(item, dueAt(outcome.at));
      wake();
    }
    // The handler keeps the body: it need not be kept here as well.
    item.message = undefined;
    begun();
    try {
      await handler(delivery);
    } catch (error) {
      if (!stopped) logger.error('the handler of a message failed', { id: message.id, error: errorText(error) });
      if (!delivery.settled()) outcome = await putOff(delivery, journal.attempt);
    }
    returned = true;
    comeBack();
  }

  function mayHandle({ partition }: Item): boolean {
    return cluster.isValid() && readers.has(partition);
  }

  async function putOff(delivery: Delivery, attempt: number): Promise<Settlement> {
    const at = now() + Math.min(REJECTED_DELAY[0] * 2 ** (attempt - 1), REJECTED_DELAY[1]);
    const later = { kind: 'later', at, reason: 'the handler failed' } as const;
    // What cannot be recorded is tried again all the same; another replica's record is found then.
    await delivery.settle(later).catch(() => {});
    return later;
  }

  async function finish(): Promise<void> {
    try {
      await cluster.leave();
    } catch (error) {
      return fail(error);
    }
    end();
  }

  function stop(): void {
    if (stopped) return;
    stopped = true;
    clearTimeout(timer);
    clearInterval(sweeping);
    if (total === 0) void finish();
  }

  if (limits.signal.aborted) stop();
  else limits.signal.addEventListener('abort', stop, { once: true });
  void ended.finally(() => limits.signal.removeEventListener('abort', stop)).catch(() => {});
  const off = link.onConnected(() => cluster.nudge());
  void ended.finally(off).catch(() => {});
  return { stop, ended };
}

function lostLease(id: string): TalonError {
  return new TalonError(
    'queue_failed',
    `This replica has lost touch with NATS, so that another one may handle message ${id} by now.`,
  );
}

export function alreadyConsumed(): TalonError {
  return new TalonError('queue_failed', 'The queue is being consumed already; it has one consumer at a time.');
}
