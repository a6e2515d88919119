import { performance } from 'node:perf_hooks';
import {
  isOfAttempt,
  createTurns,
  defineQueue,
  strictObject,
  TalonError,
  Type,
  type Entry,
  type Logger,
  type Message,
  type Queue,
  type Settlement,
} from '@falco-talon/core';
import { dedupWindow } from './dedup-window.ts';
import { startMemoryConsumer, type MemoryConsumer } from './memory-consumer.ts';
import { memoryDeadLetters } from './memory-dead-letters.ts';
import { storableEntry, type StoredMessage } from './memory-delivery.ts';

export interface MemoryQueueOptions {
  /** Messages not settled yet that the queue holds at most. */
  readonly maxMessages: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly logger: Logger;
}

export const memoryQueue = defineQueue({
  name: 'memory',
  description: 'Events are held in memory: fast, and lost when the process ends.',
  durable: false,
  settings: strictObject({
    max_messages: Type.Integer({
      default: 10_000,
      minimum: 1,
      maximum: 10_000_000,
      description: 'Events not finished yet that the queue holds at most; more are refused.',
    }),
  }),
  open: async ({ settings, now, logger }) => openMemoryQueue({ maxMessages: settings.max_messages, now, logger }),
});

export function openMemoryQueue(options: MemoryQueueOptions): Queue {
  const { now, logger } = options;
  const turns = createTurns();
  const messages = new Map<number, StoredMessage>();
  const dead = memoryDeadLetters(putBack);
  const dedup = dedupWindow();
  const elapsed = () => performance.now();
  let lastSeq = 0;
  let consumer: MemoryConsumer | undefined;
  let closed = false;

  function refuseIfClosed(): void {
    if (closed) throw new TalonError('queue_failed', 'The queue is closed.', { retryable: true });
  }

  function enqueue(seq: number, key: string, at: number): void {
    turns.add({ seq, key, due: elapsed() + (Math.max(at - now(), 0) || 0) });
    consumer?.wake();
  }

  function refuseIfFull(count: number): void {
    if (messages.size + count <= options.maxMessages) return;
    const message = `The queue holds ${options.maxMessages} messages (queue.memory.max_messages).`;
    throw new TalonError('queue_full', message, { retryable: true });
  }

  function isNew({ dedup: once }: Message, at: number): boolean {
    if (!once) return true;
    if (dedup.seen(once.key, once.window, at)) return false;
    dedup.accept(once.key, once.window, at);
    return true;
  }

  /** The numbers of attempts begin again, so what tells of earlier ones is left out. */
  function store(message: StoredMessage['message'], journal: readonly string[], at: number): void {
    const seq = ++lastSeq;
    const carried = journal.filter((entry) => !isOfAttempt(JSON.parse(entry) as Entry));
    messages.set(seq, { seq, message, attempt: 0, journal: carried });
    enqueue(seq, message.key, at);
  }

  function putBack(letters: readonly StoredMessage[]): void {
    refuseIfClosed();
    refuseIfFull(letters.length);
    for (const { message, journal } of letters) store(message, journal, now());
  }

  function remove(stored: StoredMessage, end: Settlement): void {
    messages.delete(stored.seq);
    if (end.kind === 'dead') dead.add(stored, end.reason, now());
  }

  return {
    async publish(batch) {
      refuseIfClosed();
      refuseIfFull(batch.length);
      const at = now();
      const journals = batch.map(({ journal = [] }) => journal.map(storableEntry));
      return batch.map((message, index) => {
        if (!isNew(message, at)) return 'duplicate';
        const { dedup: _, journal: __, notBefore, ...rest } = message;
        // Copied: the caller may use its buffer again.
        const kept = { ...rest, headers: { ...rest.headers }, body: new Uint8Array(rest.body) };
        store(kept, journals[index] ?? [], notBefore ?? at);
        return 'accepted';
      });
    },
    async consume(handler, limits) {
      refuseIfClosed();
      if (consumer) {
        throw new TalonError('queue_failed', 'The queue is being consumed already; it has one consumer at a time.');
      }
      const isClosed = () => closed;
      consumer = startMemoryConsumer(
        { turns, messages, enqueue, remove, isClosed, now, elapsed, logger },
        handler,
        limits,
      );
      await consumer.ended.finally(() => (consumer = undefined));
    },
    depth: async () => ({ pending: messages.size, dead: dead.size() }),
    deadLetters: dead.letters,
    ready: async () => refuseIfClosed(),
    async close() {
      closed = true;
      consumer?.stop();
    },
  };
}
