import { afterEach } from 'vitest';
import type { ConsumeLimits, Delivery, Message, Queue } from '@falco-talon/core';

export interface OpenedQueue {
  readonly queue: Queue;
  /** What a new process finds after this one was ended without a word. Only called for durable queues. */
  readonly reopen: () => Promise<Queue>;
}

export interface QueueSuiteOptions {
  /** Each call: a new, empty queue. */
  readonly open: () => Promise<OpenedQueue>;
  /** True when an accepted message survives a crash of the process. */
  readonly durable: boolean;
  /** Messages of the cases that have many; 10,000 when absent. For a queue that makes calls for each. */
  readonly many?: number;
  /** False: what it sets aside cannot be looked at. */
  readonly deadLetters?: false;
}

export type Handler = (delivery: Delivery) => Promise<void> | void;

export interface Running {
  /** Every delivery, in the order in which handlers were started. */
  readonly deliveries: readonly Delivery[];
  /** Resolves with the first `count` deliveries. */
  seen(count: number): Promise<readonly Delivery[]>;
  /** Aborts and waits until `consume` has resolved. */
  readonly stop: () => Promise<void>;
}

export interface QueueHarness {
  readonly open: () => Promise<Queue>;
  readonly openTwice: () => Promise<OpenedQueue>;
  /** Stopped after the test, whatever becomes of it. */
  readonly consume: (queue: Queue, handler: Handler, limits?: Partial<Omit<ConsumeLimits, 'signal'>>) => Running;
}

/** Opens queues for the tests of one `describe` and closes whatever a test left open. */
export function queueHarness(options: QueueSuiteOptions): QueueHarness {
  const endings: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const end of endings.splice(0).toReversed()) await end();
  });

  async function openTwice(): Promise<OpenedQueue> {
    const opened = await options.open();
    endings.push(() => opened.queue.close());
    return {
      queue: opened.queue,
      async reopen() {
        const again = await opened.reopen();
        endings.push(() => again.close());
        return again;
      },
    };
  }

  return {
    open: async () => (await openTwice()).queue,
    openTwice,
    consume(queue, handler, limits = {}) {
      const running = startConsuming(queue, handler, { inFlight: 100, perKey: 1, ...limits });
      endings.push(running.stop);
      return running;
    },
  };
}

export function startConsuming(queue: Queue, handler: Handler, limits: Omit<ConsumeLimits, 'signal'>): Running {
  const abort = new AbortController();
  const deliveries: Delivery[] = [];
  const waiting = new Set<{ count: number; resolve: (deliveries: readonly Delivery[]) => void }>();
  const ended = queue.consume(
    async (delivery) => {
      deliveries.push(delivery);
      for (const one of waiting) {
        if (deliveries.length < one.count) continue;
        waiting.delete(one);
        one.resolve(deliveries.slice(0, one.count));
      }
      await handler(delivery);
    },
    { ...limits, signal: abort.signal },
  );
  // A test that does not stop the consumer itself learns of its failure in `stop`.
  ended.catch(() => {});
  return {
    deliveries,
    seen: (count) =>
      new Promise((resolve) => {
        if (deliveries.length >= count) resolve(deliveries.slice(0, count));
        else waiting.add({ count, resolve });
      }),
    async stop() {
      abort.abort();
      await ended;
    },
  };
}

export function message(id: string, changes: Partial<Message> = {}): Message {
  return { id, kind: 'event', key: 'a', headers: {}, body: new TextEncoder().encode(id), ...changes };
}

export function messages(count: number, of: (index: number) => Partial<Message> = () => ({})): Message[] {
  return Array.from({ length: count }, (_, index) => message(`m${index}`, of(index)));
}

export function ids(deliveries: readonly Delivery[]): string[] {
  return deliveries.map((delivery) => delivery.message.id);
}

export async function settleDone(delivery: Delivery): Promise<void> {
  await delivery.settle({ kind: 'done' });
}

/** A promise and what fulfils it. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}
