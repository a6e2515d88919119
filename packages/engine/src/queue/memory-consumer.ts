import {
  errorText,
  type ConsumeLimits,
  type Delivery,
  type Logger,
  type Settlement,
  type Turns,
} from '@falco-talon/core';
import { memoryDelivery, type StoredMessage } from './memory-delivery.ts';

/** A handler that rejects: first and longest delay of the redelivery, milliseconds. */
const REJECTED_DELAY = [200, 60_000] as const;
/** What `setTimeout` can wait at most. */
const LONGEST_TIMER = 2 ** 31 - 1;

export interface MemoryConsumerDeps {
  readonly turns: Turns;
  readonly messages: ReadonlyMap<number, StoredMessage>;
  /** `at`: milliseconds since the epoch. */
  readonly enqueue: (seq: number, key: string, at: number) => void;
  readonly remove: (stored: StoredMessage, end: Settlement) => void;
  readonly isClosed: () => boolean;
  readonly now: () => number;
  /** Milliseconds that never jump; the clock of the turns. */
  readonly elapsed: () => number;
  readonly logger: Logger;
}

export interface MemoryConsumer {
  wake(): void;
  stop(): void;
  /** Resolves when it was stopped and every handler has returned. */
  readonly ended: Promise<void>;
}

export function startMemoryConsumer(
  deps: MemoryConsumerDeps,
  handler: (delivery: Delivery) => Promise<void>,
  limits: ConsumeLimits,
): MemoryConsumer {
  const { turns, now, elapsed, logger } = deps;
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  let running = 0;
  let stopped = false;
  let scheduled = false;
  let timer: NodeJS.Timeout | undefined;

  /** Not at once: who publishes must not run handlers. */
  function wake(): void {
    if (stopped || scheduled) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      if (!stopped) start();
    });
  }

  function start(): void {
    clearTimeout(timer);
    for (const { seq, key } of turns.take(limits.inFlight - running, limits.perKey, elapsed())) {
      const stored = deps.messages.get(seq);
      if (stored) void run(stored);
      else turns.release(key);
    }
    const due = turns.nextDue();
    if (due === undefined || running >= limits.inFlight) return;
    timer = setTimeout(wake, Math.min(Math.max(Math.ceil(due - elapsed()), 0), LONGEST_TIMER));
  }

  async function run(stored: StoredMessage): Promise<void> {
    const { seq, message } = stored;
    let outcome: Settlement | undefined;
    let returned = false;
    /** A message put off is not given to a second handler while the first one still runs. */
    function comeBack(): void {
      if (outcome?.kind === 'later' && returned) deps.enqueue(seq, message.key, outcome.at);
    }
    running++;
    stored.attempt++;
    const delivery = memoryDelivery(stored, deps.isClosed, (settlement) => {
      outcome = settlement;
      if (settlement.kind === 'later') comeBack();
      else deps.remove(stored, settlement);
    });
    try {
      await handler(delivery);
    } catch (error) {
      logger.error('the handler of a message failed', { id: message.id, error: errorText(error) });
      const at = now() + Math.min(REJECTED_DELAY[0] * 2 ** (stored.attempt - 1), REJECTED_DELAY[1]);
      // Refused when it was settled before it failed: then that stands.
      await delivery.settle({ kind: 'later', at, reason: 'the handler failed' }).catch(() => {});
    }
    returned = true;
    comeBack();
    running--;
    turns.release(message.key);
    if (stopped && running === 0) end();
    else wake();
  }

  function stop(): void {
    if (stopped) return;
    stopped = true;
    clearTimeout(timer);
    if (running === 0) end();
  }

  if (limits.signal.aborted) stop();
  else limits.signal.addEventListener('abort', stop, { once: true });
  void ended.then(() => limits.signal.removeEventListener('abort', stop));
  wake();
  return { wake, stop, ended };
}
