import {
  errorText,
  TalonError,
  type ConsumeLimits,
  type Delivery,
  type Logger,
  type Settlement,
  type Turn,
  type Turns,
} from '@falco-talon/core';
import type { Channel } from './channel.ts';
import { createDelivery } from './delivery.ts';
import type { LoadedMessage } from './protocol.ts';

/** Messages read from disk at a time: bounds what one answer of the worker holds. */
const LOAD_AT_A_TIME = 64;
/** Milliseconds until the next try when messages cannot be read. */
const LOAD_RETRY = 500;
/** A handler that rejects: first and longest delay of the redelivery, milliseconds. */
const REJECTED_DELAY = [200, 60_000] as const;
/** What `setTimeout` can wait at most. */
const LONGEST_TIMER = 2 ** 31 - 1;

export type Handler = (delivery: Delivery) => Promise<void>;

export interface ConsumerDeps {
  readonly channel: Channel;
  readonly turns: Turns;
  /** Numbers of the messages handed out and not settled. */
  readonly held: Set<number>;
  /** Puts a message back in the line: not before `at`, milliseconds since the epoch. */
  readonly giveBack: (seq: number, key: string, at: number) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds that never jump; the clock of the turns. */
  readonly elapsed: () => number;
  readonly logger: Logger;
}

export interface Consumer {
  /** There may be something to deliver. */
  wake(): void;
  /** Takes a place for a message that is about to be stored, when nothing waits: it need not be read back from disk. */
  claim(key: string): boolean;
  /** Uses the place taken, now that the message is stored as `row`; its body must be a copy of its own. */
  start(key: string, row: LoadedMessage): void;
  /** Gives the place back: the message was not stored. */
  unclaim(key: string): void;
  stop(): void;
  /** Resolves when it was stopped and every handler has returned. */
  readonly ended: Promise<void>;
}

/** Hands messages out as long as there is room: only as many are read from disk as can be started at once. */
export function startConsumer(deps: ConsumerDeps, handler: Handler, limits: ConsumeLimits): Consumer {
  const { channel, turns, held, now, elapsed, logger } = deps;
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  /** Handlers that run, and messages being read for them. */
  let running = 0;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let retryAt = 0;

  function wake(): void {
    clearTimeout(timer);
    if (stopped) return;
    if (elapsed() < retryAt) return sleepUntil(retryAt);
    while (running < limits.inFlight) {
      const taken = turns.take(Math.min(limits.inFlight - running, LOAD_AT_A_TIME), limits.perKey, elapsed());
      if (taken.length === 0) break;
      running += taken.length;
      for (const turn of taken) held.add(turn.seq);
      void load(taken);
    }
    const due = turns.nextDue();
    if (due !== undefined && running < limits.inFlight) sleepUntil(due);
  }

  function sleepUntil(time: number): void {
    timer = setTimeout(wake, Math.min(Math.max(Math.ceil(time - elapsed()), 0), LONGEST_TIMER));
  }

  async function load(taken: readonly Turn[]): Promise<void> {
    const seqs = taken.map(({ seq }) => seq);
    let rows: Awaited<ReturnType<typeof channel.call<'load'>>>;
    try {
      rows = await channel.call('load', seqs);
    } catch (error) {
      logger.error('messages cannot be read from the queue', { error: errorText(error), retry_ms: LOAD_RETRY });
      retryAt = elapsed() + LOAD_RETRY;
      for (const turn of taken) putBack(turn);
      return settleDown();
    }
    const found = new Map(rows.map((row) => [row.seq, row]));
    const unstarted: number[] = [];
    for (const turn of taken) {
      const row = found.get(turn.seq);
      if (!row || 'unreadable' in row) {
        if (row) logger.error('a message was set aside as unreadable', { seq: row.seq, reason: row.unreadable });
        held.delete(turn.seq);
        free(turn.key);
      } else if (stopped) {
        unstarted.push(turn.seq);
        putBack(turn);
      } else void run(turn, row);
    }
    // Not awaited by anybody: if it fails, an attempt is counted that was none.
    if (unstarted.length > 0) channel.call('unload', unstarted).catch(() => {});
    settleDown();
  }

  function claim(key: string): boolean {
    if (stopped || running >= limits.inFlight || !turns.claim(key, limits.perKey)) return false;
    running++;
    return true;
  }

  function start(key: string, row: LoadedMessage): void {
    const turn = { seq: row.seq, key, due: 0 };
    held.add(row.seq);
    if (!stopped) return void run(turn, row);
    channel.call('unload', [row.seq]).catch(() => {});
    putBack(turn);
    settleDown();
  }

  function unclaim(key: string): void {
    free(key);
    settleDown();
  }

  function putBack(turn: Turn): void {
    deps.giveBack(turn.seq, turn.key, now());
    free(turn.key);
  }

  function free(key: string): void {
    running--;
    turns.release(key);
  }

  async function run(turn: Turn, row: LoadedMessage): Promise<void> {
    let outcome: Settlement | undefined;
    let returned = false;
    let back = false;
    /** A message put off is not given to a second handler while the first one still runs. */
    function comeBack(): void {
      if (outcome?.kind !== 'later' || !returned || back) return;
      back = true;
      deps.giveBack(turn.seq, turn.key, outcome.at);
    }
    const delivery = createDelivery(channel, turn.key, row, (settlement) => {
      outcome = settlement;
      if (settlement.kind !== 'later') held.delete(turn.seq);
      comeBack();
      if (settlement.kind === 'later') wake();
    });
    try {
      await handler(delivery);
    } catch (error) {
      logger.error('the handler of a message failed', { id: delivery.message.id, error: errorText(error) });
      if (!delivery.settled()) outcome = await putOff(delivery, row.attempt);
    }
    returned = true;
    comeBack();
    free(turn.key);
    settleDown();
  }

  async function putOff(delivery: Delivery, attempt: number): Promise<Settlement> {
    const at = now() + Math.min(REJECTED_DELAY[0] * 2 ** (attempt - 1), REJECTED_DELAY[1]);
    const later = { kind: 'later', at, reason: 'the handler failed' } as const;
    // Its time is known here only: on disk it would last as long as the clock is set back by. What cannot be written waits here, too.
    await delivery.settle({ ...later, at: 0 }).catch(() => {});
    return later;
  }

  function settleDown(): void {
    if (stopped && running === 0) end();
    else wake();
  }

  function stop(): void {
    if (stopped) return;
    stopped = true;
    clearTimeout(timer);
    settleDown();
  }

  if (limits.signal.aborted) stop();
  else limits.signal.addEventListener('abort', stop, { once: true });
  void ended.then(() => limits.signal.removeEventListener('abort', stop));
  wake();
  return { wake, claim, start, unclaim, stop, ended };
}

export function alreadyConsumed(): TalonError {
  return new TalonError('queue_failed', 'The queue is being consumed already; it has one consumer at a time.');
}
