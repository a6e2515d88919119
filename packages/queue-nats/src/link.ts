import { jetstream, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { TalonError, type Logger } from '@falco-talon/core';
import type { NatsConnection } from '@nats-io/transport-node';
import { Conflict, failure, isMissing } from './failure.ts';

/** What may be under way to the server; more is refused to publishers. */
const MOST_BYTES = 64 * 1024 * 1024;
const MOST_CALLS = 20_000;

export interface Stored {
  readonly seq: number;
  readonly data: Uint8Array;
}

export interface PublishOptions {
  readonly msgId?: string;
  /** Sequence of the subject's last message; 0: there is none. */
  readonly expect?: number;
}

/** The calls this queue makes. Each has a time limit; each fails with `queue_failed`, `queue_full` or `Conflict`. */
export interface Link {
  publish(subject: string, data: Uint8Array, options?: PublishOptions): Promise<{ seq: number; duplicate: boolean }>;
  /**
   * Replaces the message of a subject, whose last one must be `expect`. When the answer was lost it looks who wrote: an own
   * write counts. The data must be like no other.
   * @returns the new message's sequence
   */
  replace(stream: string, subject: string, data: Uint8Array, expect: number): Promise<number>;
  last(stream: string, subject: string): Promise<Stored | undefined>;
  get(stream: string, seq: number): Promise<Stored | undefined>;
  /** The first one from `seq` on whose subject fits. */
  next(stream: string, seq: number, subject: string): Promise<Stored | undefined>;
  /** False: there is no such message. */
  remove(stream: string, seq: number): Promise<boolean>;
  /** Calls and bytes that are under way. */
  readonly full: () => boolean;
  /** Changes with every new connection: what was known about the server may not hold any more. */
  readonly generation: () => number;
  onConnected(listener: () => void): () => void;
  readonly manager: JetStreamManager;
  readonly connection: NatsConnection;
  close(): Promise<void>;
}

export interface LinkOptions {
  readonly connection: NatsConnection;
  /** Milliseconds a call may take. */
  readonly limit: number;
  readonly logger: Logger;
}

export async function createLink({ connection, limit, logger }: LinkOptions): Promise<Link> {
  const manager = await jetstreamManager(connection, { timeout: limit, checkAPI: false });
  const stream = jetstream(connection, { timeout: limit });
  const listeners = new Set<() => void>();
  let generation = 1;
  let downSince: number | undefined;
  let closed = false;
  let calls = 0;
  let bytes = 0;
  const pending = new Set<(error: TalonError) => void>();
  let up = Promise.resolve();
  let back: () => void = () => {};
  void watch();

  async function watch(): Promise<void> {
    for await (const status of connection.status()) {
      if (status.type === 'disconnect' && downSince === undefined) disconnected(status.server);
      if (status.type === 'reconnect') reconnected(status.server);
      if (status.type === 'error') logger.warn('NATS reports an error', { error: status.error.message });
      if (status.type === 'slowConsumer') logger.warn('NATS sends faster than this process reads', {});
    }
  }

  function disconnected(server: string): void {
    downSince = performance.now();
    up = new Promise((resolve) => (back = resolve));
    const broken = new TalonError('queue_failed', 'The connection to NATS broke.', { retryable: true });
    for (const reject of pending) reject(broken);
    if (!closed) logger.warn('connection to NATS lost; it is being made again', { server });
  }

  function reconnected(server: string): void {
    const down = downSince === undefined ? 0 : Math.round(performance.now() - downSince);
    downSince = undefined;
    generation++;
    back();
    logger.info('connection to NATS made again', { server, down_ms: down });
    for (const listener of listeners) listener();
  }

  /** Calls wait for a connection that has just broken, not for one that has been away for long. */
  async function connected(deadline: number): Promise<void> {
    if (closed) throw new TalonError('queue_failed', 'The queue is closed.');
    while (downSince !== undefined) {
      const wait = Math.min(downSince + limit, deadline) - performance.now();
      if (wait <= 0) throw new TalonError('queue_failed', 'NATS is not reachable.', { retryable: true });
      await within(up, wait);
      if (closed) throw new TalonError('queue_failed', 'The queue is closed.');
    }
  }

  async function once<T>(what: string, size: number, deadline: number, work: () => Promise<T>): Promise<T> {
    await connected(deadline);
    calls++;
    bytes += size;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    // An answer that was on its way when the connection broke never comes.
    pending.add(reject);
    try {
      work().then(resolve, reject);
      return await promise;
    } catch (error) {
      throw failure(error, what);
    } finally {
      pending.delete(reject);
      calls--;
      bytes -= size;
    }
  }

  /** Again when the connection broke in between: only for what may be done twice. */
  async function call<T>(what: string, size: number, work: () => Promise<T>): Promise<T> {
    const deadline = performance.now() + limit;
    const before = generation;
    try {
      return await once(what, size, deadline, work);
    } catch (error) {
      if (closed || error instanceof Conflict || (downSince === undefined && before === generation)) throw error;
      return once(what, size, deadline, work);
    }
  }

  async function put(subject: string, data: Uint8Array, { msgId, expect }: PublishOptions = {}) {
    const { seq, duplicate } = await stream.publish(subject, data, {
      timeout: limit,
      ...(msgId !== undefined && { msgID: msgId }),
      ...(expect !== undefined && { expect: { lastSubjectSequence: expect } }),
    });
    return { seq, duplicate };
  }

  async function read(name: string, query: object): Promise<Stored | undefined> {
    const found = await manager.streams.getMessage(name, query as { seq: number }).catch((error: unknown) => {
      if (isMissing(error)) return null;
      throw error;
    });
    return found ? { seq: found.seq, data: found.data } : undefined;
  }

  const link: Link = {
    publish: (subject, data, options) => call('store a message', data.byteLength, () => put(subject, data, options)),
    async replace(name, subject, data, expect) {
      const deadline = performance.now() + limit;
      for (;;) {
        try {
          return (await once('store a record', data.byteLength, deadline, () => put(subject, data, { expect }))).seq;
        } catch (error) {
          if (!(error instanceof Conflict) && (closed || performance.now() >= deadline)) throw error;
          const now = await link.last(name, subject);
          if (now && Buffer.from(now.data).equals(data)) return now.seq;
          if (error instanceof Conflict || (now?.seq ?? 0) !== expect) throw new Conflict();
        }
      }
    },
    last: (name, subject) => call('read a record', 0, () => read(name, { last_by_subj: subject })),
    get: (name, seq) => call('read a message', 0, () => read(name, { seq })),
    next: (name, seq, subject) => call('read a message', 0, () => read(name, { seq, next_by_subj: subject })),
    // Once, and on the connection there is: after a new one the place may be another message's.
    remove(name, seq) {
      const before = generation;
      return once('delete a message', 0, performance.now() + limit, async () => {
        if (generation !== before) throw new Error('the connection to NATS was made again');
        try {
          return await manager.streams.deleteMessage(name, seq);
        } catch (error) {
          if (isMissing(error)) return false;
          throw error;
        }
      });
    },
    full: () => calls >= MOST_CALLS || bytes >= MOST_BYTES,
    generation: () => generation,
    onConnected(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    manager,
    connection,
    async close() {
      closed = true;
      back();
      await connection.close();
    },
  };
  return link;
}

async function within(promise: Promise<void>, wait: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => (timer = setTimeout(resolve, wait)));
  await Promise.race([promise, over]);
  clearTimeout(timer);
}
