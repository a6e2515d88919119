import { performance } from 'node:perf_hooks';
import {
  createTurns,
  defineQueue,
  strictObject,
  TalonError,
  Type,
  type Logger,
  type Message,
  type Queue,
} from '@falco-talon/core';
import { dedupWindow } from './dedup-window.ts';
import { startMemoryConsumer, type MemoryConsumer } from './memory-consumer.ts';
import type { StoredMessage } from './memory-delivery.ts';

/** Messages set aside that are kept; the oldest are dropped first. */
const MOST_DEAD = 1000;

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
  const dead = new Set<number>();
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

  function accept(message: Message, at: number): 'accepted' | 'duplicate' {
    const { dedup: once, notBefore, ...rest } = message;
    if (once) {
      if (dedup.seen(once.key, once.window, at)) return 'duplicate';
      dedup.accept(once.key, once.window, at);
    }
    const seq = ++lastSeq;
    // Copied: the caller may use its buffer again.
    const kept = { ...rest, headers: { ...rest.headers }, body: new Uint8Array(rest.body) };
    messages.set(seq, { seq, message: kept, attempt: 0, journal: [] });
    enqueue(seq, message.key, notBefore ?? at);
    return 'accepted';
  }

  function remove(seq: number, end: 'done' | 'dead'): void {
    messages.delete(seq);
    if (end === 'done') return;
    dead.add(seq);
    for (const oldest of dead) {
      if (dead.size <= MOST_DEAD) break;
      dead.delete(oldest);
    }
  }

  return {
    async publish(batch) {
      refuseIfClosed();
      if (messages.size + batch.length > options.maxMessages) {
        const message = `The queue holds ${options.maxMessages} messages (queue.memory.max_messages).`;
        throw new TalonError('queue_full', message, { retryable: true });
      }
      const at = now();
      return batch.map((message) => accept(message, at));
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
    depth: async () => ({ pending: messages.size, dead: dead.size }),
    ready: async () => refuseIfClosed(),
    async close() {
      closed = true;
      consumer?.stop();
    },
  };
}
