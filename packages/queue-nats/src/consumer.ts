import { errorText, TalonError, type ConsumeLimits, type Logger } from '@falco-talon/core';
import { createAtWork } from './at-work.ts';
import type { Backlog, Item } from './backlog.ts';
import type { Broom } from './broom.ts';
import { joinCluster, type Cluster } from './cluster.ts';
import { createEndings, find, type Damage } from './endings.ts';
import { Conflict } from './failure.ts';
import { decodeMessage } from './frame.ts';
import { createHandOut, RETRY, type Handler } from './hand-out.ts';
import type { Layout } from './layout.ts';
import type { Link, Stored } from './link.ts';
import { startReader, type Reader } from './reader.ts';
import { startSweeping } from './sweep.ts';

/** What `setTimeout` can wait at most. */
const LONGEST_TIMER = 2 ** 31 - 1;
/** Milliseconds between two looks at a lease that does not run. */
const LEASE_LOOK = 100;

export interface ConsumerDeps {
  readonly link: Link;
  readonly layout: Layout;
  readonly partitions: number;
  readonly lease: number;
  readonly backlog: Backlog;
  readonly broom: Broom;
  readonly damage: Damage;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly logger: Logger;
}

export interface Consumer {
  stop(): void;
  /** Resolves when it was stopped and every handler has returned. What is not settled by then stays with this replica. */
  readonly ended: Promise<void>;
  /** Gives everything to the others, also what is not settled yet. By itself when it was stopped and all is settled. */
  leave(): Promise<void>;
}

/** Hands out the messages of the partitions this replica owns. */
export function startConsumer(deps: ConsumerDeps, handler: Handler, limits: ConsumeLimits): Consumer {
  const { link, layout, backlog, now, logger } = deps;
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const readers = new Map<number, Reader>();
  const outgoing = new Set<number>();
  /** What must have begun before the next one of its key starts. */
  const gates = new Map<string, Promise<void>>();
  let places = 0;
  let handlers = 0;
  let stopped = false;
  let left: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  const atWork = createAtWork((partition) => cluster.isValid() && readers.has(partition));
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
      outgoing.delete(partition);
      backlog.drop(partition);
      atWork.lose(partition);
    },
    onLapsed() {
      const messages = atWork.interrupt();
      if (messages > 0)
        logger.warn('this replica has lost touch with NATS: another one may go on with its messages', { messages });
    },
    isIdle: (partition) => atWork.isIdle(partition),
    onLeaving(partition, away) {
      if (away) outgoing.add(partition);
      else outgoing.delete(partition);
    },
  });
  const endSweeping = startSweeping(deps, () => !stopped && cluster.owns(0));
  const endings = createEndings(deps, (item) => again(item, now() + RETRY));
  const handOut = createHandOut(
    {
      ...deps,
      endings,
      isStopped: () => stopped,
      again,
      ended(work) {
        atWork.end(work);
        if (outgoing.has(work.item.partition) && atWork.isIdle(work.item.partition)) cluster.nudge();
        endIfIdle();
      },
    },
    handler,
  );

  function arrived(partition: number, stored: Stored): void {
    const found = decodeMessage(stored.data);
    if (!found) return void endings.discard(partition, stored);
    const { nonce, message, letter } = found;
    const { seq, data } = stored;
    const known = backlog.known(nonce);
    if (known) return seenAgain(known, seq);
    if (!readers.has(partition)) return;
    const { key } = message;
    const place = ++places;
    const generation = link.generation();
    const item = { place, seq, partition, nonce, key, generation, message, size: data.byteLength, letter };
    backlog.add(item, dueAt(message.notBefore ?? 0));
    wake();
  }

  /** On a new connection a message is where it is read first; later it is followed when it is not there any more. */
  function seenAgain(item: Item, seq: number): void {
    if (item.generation === link.generation()) {
      if (seq !== item.seq) void secondCopy(item, seq);
      return;
    }
    item.generation = link.generation();
    item.seq = seq;
  }

  async function secondCopy(item: Item, seq: number): Promise<void> {
    const { generation } = item;
    try {
      if (await find(link, layout, item)) await link.remove(layout.events, seq);
      else if (generation === link.generation()) item.seq = seq;
    } catch (error) {
      // Nothing is lost: with the next connection everything is read again.
      logger.debug('a message that is stored twice cannot be looked at', { seq, error: errorText(error) });
    }
  }

  /** Times of day become spans of a clock that never jumps. */
  function dueAt(at: number): number {
    return performance.now() + Math.max(at - now(), 0);
  }

  function wake(): void {
    clearTimeout(timer);
    if (stopped) return;
    if (!cluster.isValid()) return sleepUntil(performance.now() + LEASE_LOOK);
    if (handlers < limits.inFlight) {
      for (const item of backlog.take(limits.inFlight - handlers, limits.perKey, performance.now())) {
        if (outgoing.has(item.partition)) {
          backlog.putBack(item, performance.now() + LEASE_LOOK);
          backlog.release(item.key);
        } else void start(item);
      }
    }
    const due = backlog.nextDue();
    if (due !== undefined && handlers < limits.inFlight) sleepUntil(due);
  }

  function sleepUntil(time: number): void {
    timer = setTimeout(wake, Math.min(Math.max(Math.ceil(time - performance.now()), 0), LONGEST_TIMER));
  }

  /** One that is not known any more has gone with its partition; that it may have come back makes it another one. */
  function again(item: Item, at: number): void {
    if (backlog.known(item.nonce) === item) backlog.putBack(item, dueAt(at));
    wake();
  }

  async function start(item: Item): Promise<void> {
    handlers++;
    const before = gates.get(item.key);
    const begun = Promise.withResolvers<void>();
    gates.set(item.key, begun.promise);
    try {
      await handOut(atWork.begin(item), before, () => begun.resolve());
    } catch (error) {
      if (!(error instanceof Conflict) && !stopped)
        logger.error('a message cannot be begun', { seq: item.seq, error: errorText(error), retry_ms: RETRY });
      again(item, now() + RETRY);
    } finally {
      begun.resolve();
      if (gates.get(item.key) === begun.promise) gates.delete(item.key);
      backlog.release(item.key);
      handlers--;
      endIfIdle();
      wake();
    }
  }

  function endIfIdle(): void {
    if (!stopped || handlers > 0) return;
    end();
    if (atWork.isEmpty()) void leave();
  }

  function leave(): Promise<void> {
    stop();
    return (left ??= cluster.leave().finally(off));
  }

  function stop(): void {
    if (stopped) return;
    stopped = true;
    clearTimeout(timer);
    endSweeping();
    limits.signal.removeEventListener('abort', stop);
    cluster.retire();
    endIfIdle();
  }

  const off = link.onConnected(() => cluster.nudge());
  if (limits.signal.aborted) stop();
  else limits.signal.addEventListener('abort', stop, { once: true });
  return { stop, ended, leave };
}

export function alreadyConsumed(): TalonError {
  return new TalonError('queue_failed', 'The queue is being consumed already; it has one consumer at a time.');
}
