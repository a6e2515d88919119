import { performance } from 'node:perf_hooks';
import {
  createTurns,
  errorText,
  TalonError,
  type Logger,
  type Message,
  type Queue,
  type QueueDepth,
} from '@falco-talon/core';
import { openChannel, type Opened } from './channel.ts';
import { alreadyConsumed, startConsumer, type Consumer } from './consumer.ts';
import { sqliteDeadLetters } from './dead-letters.ts';
import type { StoreOptions, WireMessage } from './protocol.ts';
import { withinLimit } from './time-limit.ts';
import { toWire } from './wire.ts';

/** Milliseconds between two deletions of what has expired. */
const SWEEP_INTERVAL = 5000;

export interface SqliteQueueOptions extends Omit<StoreOptions, 'now'> {
  /** Messages not settled yet that the queue holds at most. */
  readonly maxMessages: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly logger: Logger;
  /** The file of the worker; specs use another one to break it. */
  readonly worker?: URL;
}

interface Prepared {
  readonly wire: WireMessage;
  /** A copy: the one in `wire` goes to the worker. */
  readonly body: Uint8Array;
  readonly claimant: Consumer | undefined;
}

// Sources run as they are, the build has .js files: the worker stands beside this file in both.
const WORKER = new URL(import.meta.url.endsWith('.ts') ? './store/worker.ts' : './store/worker.js', import.meta.url);

/**
 * Opens the queue in the file `path`, alone: a second process is refused.
 * @throws TalonError `queue_failed` when the file is in use, of another version, not a queue or cannot be written
 */
export async function openSqliteQueue(options: SqliteQueueOptions): Promise<Queue> {
  const { now, logger } = options;
  const turns = createTurns();
  const held = new Set<number>();
  const elapsed = () => performance.now();
  let consumer: Consumer | undefined;
  let publishing = 0;
  /** Messages being stored that were not claimed: later ones of their keys must not overtake them. */
  let unclaimed = 0;
  let closing: Promise<void> | undefined;
  let told = { expired: 0, discarded: 0 };

  /** Times of day become spans of a clock that never jumps: a clock set back delays nothing that is under way. */
  function enqueue(seq: number, key: string, at: number | null): void {
    turns.add({ seq, key, due: elapsed() + (at === null ? 0 : Math.max(at - now(), 0) || 0) });
  }

  function onOpened({ waiting }: Opened): void {
    turns.clear();
    for (const { seq, key, notBefore } of waiting) if (!held.has(seq)) enqueue(seq, key, notBefore);
    consumer?.wake();
  }

  const { path, maxBytes, maxDead, maxDeadBytes, deadRetention } = options;
  const store = { path, maxBytes, maxDead, maxDeadBytes, deadRetention };
  const channel = await openChannel({ store, worker: options.worker ?? WORKER, now, logger, onOpened });
  let sweeping = setTimeout(sweep, SWEEP_INTERVAL).unref();

  function sweep(): void {
    channel
      .call('sweep', null)
      .then((more) => {
        tellDeleted();
        again(more ? 0 : SWEEP_INTERVAL);
      })
      .catch((error: unknown) => {
        logger.warn('expired entries of the queue cannot be deleted', { error: errorText(error) });
        again(SWEEP_INTERVAL);
      });
  }

  /** At most once per sweep, however many. */
  function tellDeleted(): void {
    const { expired, discarded } = channel.state();
    if (expired > told.expired)
      logger.info('dead letters were deleted after their time', { count: expired - told.expired });
    if (discarded > told.discarded) {
      const fields = { count: discarded - told.discarded, max_dead: maxDead, max_dead_bytes: maxDeadBytes };
      logger.warn('dead letters were deleted for want of room, the oldest first', fields);
    }
    told = { expired, discarded };
  }

  function again(delay: number): void {
    if (!closing) sweeping = setTimeout(sweep, delay).unref();
  }

  function pending(): number {
    return turns.size() + held.size;
  }

  async function publish(messages: readonly Message[]): Promise<('accepted' | 'duplicate')[]> {
    if (messages.length === 0) return [];
    const free = reserve(messages.length);
    return withinLimit(write(messages).finally(free));
  }

  /** Room for messages being stored; answers what gives it back. */
  function reserve(count: number): () => void {
    if (closing) throw new TalonError('queue_failed', 'The queue is closed.', { retryable: true });
    if (pending() + publishing + count > options.maxMessages) {
      const message = `The queue holds ${options.maxMessages} messages (queue.sqlite.max_messages).`;
      throw new TalonError('queue_full', message, { retryable: true });
    }
    publishing += count;
    return () => void (publishing -= count);
  }

  /** With a place for its handler, when there is one: then it need not be read back from disk. */
  function prepare(wire: Omit<WireMessage, 'claimed'>): Prepared {
    const claimant = wire.notBefore === null && unclaimed === 0 && consumer?.claim(wire.key) ? consumer : undefined;
    if (!claimant) unclaimed++;
    return { wire: { ...wire, claimed: claimant !== undefined }, body: Uint8Array.from(wire.body), claimant };
  }

  async function write(messages: readonly Message[]): Promise<('accepted' | 'duplicate')[]> {
    // Before anything is claimed: a journal may not be JSON.
    const prepared = messages.map(toWire).map(prepare);
    let seqs: readonly (number | null)[] | undefined;
    try {
      seqs = await channel.call(
        'publish',
        prepared.map(({ wire }) => wire),
      );
    } finally {
      prepared.forEach((one, index) => stored(one, seqs?.[index] ?? null));
      consumer?.wake();
    }
    return seqs.map((seq) => (seq === null ? 'duplicate' : 'accepted'));
  }

  function stored({ wire, body, claimant }: Prepared, seq: number | null): void {
    if (!claimant) unclaimed--;
    if (seq === null) claimant?.unclaim(wire.key);
    else if (claimant) claimant.start(wire.key, { ...wire, body, seq, attempt: 1, next: wire.journal.length });
    else enqueue(seq, wire.key, wire.notBefore);
  }

  const deadLetters = sqliteDeadLetters({
    channel,
    reserve(count) {
      const free = reserve(count);
      unclaimed += count;
      return () => {
        unclaimed -= count;
        free();
      };
    },
    waiting(letters) {
      for (const { seq, key } of letters) enqueue(seq, key, null);
      consumer?.wake();
    },
  });

  function depth(): QueueDepth {
    const { dead, bytes, freeBytes, damaged, damagedStores, expired, discarded } = channel.state();
    return {
      pending: pending(),
      dead,
      bytes,
      limitBytes: maxBytes,
      ...(Number.isFinite(freeBytes) && { freeBytes }),
      damagedMessages: damaged,
      damagedStores,
      expired,
      discarded,
    };
  }

  async function close(): Promise<void> {
    clearTimeout(sweeping);
    consumer?.stop();
    await channel.close();
    tellDeleted();
  }

  return {
    publish,
    async consume(handler, limits) {
      if (closing) throw new TalonError('queue_failed', 'The queue is closed.');
      if (consumer) throw alreadyConsumed();
      const giveBack = (seq: number, key: string, at: number) => {
        held.delete(seq);
        enqueue(seq, key, at);
      };
      consumer = startConsumer({ channel, turns, held, giveBack, now, elapsed, logger }, handler, limits);
      await consumer.ended.finally(() => (consumer = undefined));
    },
    depth: async () => depth(),
    deadLetters,
    async ready() {
      if (closing) throw new TalonError('queue_failed', 'The queue is closed.');
      await withinLimit(channel.call('probe', null));
    },
    close: () => (closing ??= close()),
  };
}
