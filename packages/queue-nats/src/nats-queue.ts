import type { NatsConnection } from '@nats-io/transport-node';
import { TalonError, type Logger, type Queue } from '@falco-talon/core';
import { createBacklog } from './backlog.ts';
import { createBroom } from './broom.ts';
import { alreadyConsumed, startConsumer, type Consumer } from './consumer.ts';
import type { Damage } from './endings.ts';
import { createDeadLetters } from './dead-letters.ts';
import { failure, Conflict } from './failure.ts';
import { decodeFrame, encodeFrame } from './frame.ts';
import { receiveAlerts, type ForeignDeps } from './falcosidekick.ts';
import { layoutOf, type Layout } from './layout.ts';
import { createLink, type Link } from './link.ts';
import { createPublisher } from './publisher.ts';
import { prepareStreams, type StreamLimits } from './streams.ts';

export interface NatsQueueOptions {
  readonly connection: NatsConnection;
  /** Starts the names of all streams and subjects. */
  readonly name: string;
  readonly partitions: number;
  /** Milliseconds after which a silent replica's messages are taken over. */
  readonly lease: number;
  /** Milliseconds one call may take. */
  readonly limit: number;
  readonly streams: StreamLimits;
  /** Alerts that Falcosidekick publishes are taken too. */
  readonly foreign?: Pick<ForeignDeps, 'intake' | 'subject'> & { readonly stream?: string };
  readonly now: () => number;
  readonly logger: Logger;
}

/**
 * The queue on a connection that is there. Closing it closes the connection.
 * @throws TalonError `queue_failed` when the streams cannot be used as they are
 */
export async function openNatsQueue(options: NatsQueueOptions): Promise<Queue> {
  const { connection, partitions, lease, now, logger, limit } = options;
  const layout = layoutOf(options.name);
  const link = await createLink({ connection, limit, logger });
  await prepareStreams(link.manager, layout, options.streams);
  await agreeOnPartitions(link, layout, partitions);
  const backlog = createBacklog();
  const broom = createBroom(link, layout);
  const damage: Damage = { messages: 0 };
  const deps = { link, layout, partitions, lease, backlog, broom, damage, now, logger };
  const publish = createPublisher(deps);
  let consumer: Consumer | undefined;
  let consuming = false;
  let closing: Promise<void> | undefined;

  function refuseClosed(): void {
    if (closing) throw new TalonError('queue_failed', 'The queue is closed.');
  }

  async function messages(stream: string): Promise<number> {
    try {
      return (await link.manager.streams.info(stream)).state.messages;
    } catch (error) {
      throw failure(error, 'count messages');
    }
  }

  async function close(): Promise<void> {
    consumer?.stop();
    await consumer?.ended;
    await consumer?.leave();
    broom.stop();
    await link.close();
  }

  return {
    async publish(given) {
      refuseClosed();
      return publish(given);
    },
    async consume(handler, limits) {
      refuseClosed();
      if (consuming) throw alreadyConsumed();
      consuming = true;
      try {
        // What an earlier consumer had and has not settled comes again.
        await consumer?.leave();
        refuseClosed();
        consumer = startConsumer(deps, handler, limits);
        const foreign = options.foreign && receiveAlerts({ ...deps, name: options.name, ...options.foreign });
        limits.signal.addEventListener('abort', () => void foreign?.stop(), { once: true });
        await consumer.ended;
        await foreign?.stop();
      } finally {
        consuming = false;
      }
    },
    async depth() {
      refuseClosed();
      const [pending, dead] = await Promise.all([messages(layout.events), messages(layout.dead)]);
      return { pending, dead, damagedMessages: damage.messages };
    },
    deadLetters: createDeadLetters(deps),
    async ready() {
      refuseClosed();
      // A round trip through the storage, which a full or read-only disk would not pass.
      await link.publish(layout.memberSubject('probe').replace('.member.', '.ready.'), encodeFrame({ at: now() }));
    },
    close: () => (closing ??= close()),
  };
}

/**
 * The number is part of the queue: with another one a key's messages would be in two partitions.
 * @throws TalonError `queue_failed` when the queue was made with another number
 */
async function agreeOnPartitions(link: Link, layout: Layout, partitions: number): Promise<void> {
  const meta = encodeFrame({ version: 1, partitions });
  try {
    await link.replace(layout.state, layout.metaSubject, meta, 0);
    return;
  } catch (error) {
    if (!(error instanceof Conflict)) throw error;
  }
  const stored = await link.last(layout.state, layout.metaSubject);
  const found = stored && decodeFrame(stored.data)?.meta;
  if (found?.['version'] === 1 && found['partitions'] === partitions) return;
  const problem =
    found?.['version'] === 1
      ? `was made with ${String(found['partitions'])} partitions, not ${partitions}. Set queue.nats.partitions to that number, or use a new queue.nats.name`
      : 'was made by another version. Use a new queue.nats.name, and let the old version finish what is in it';
  throw new TalonError('queue_failed', `The queue ${layout.events} in NATS ${problem}.`);
}
