import { jetstream, type ConsumerMessages } from '@nats-io/jetstream';
import { errorText, type Logger } from '@falco-talon/core';
import type { Layout } from './layout.ts';
import type { Link, Stored } from './link.ts';

/** Messages asked for at a time. */
const BATCH = 256;
/** Milliseconds a request for messages stands, and between signs of life while it does. */
const EXPIRES = 10_000;
const HEARTBEAT = 2_000;
/** Milliseconds until the next try when a reader cannot be started. */
const RETRY = 500;
/** Milliseconds between two looks whether the last message stored has been read. */
const LOOK = 5_000;
/** Milliseconds after which the server forgets a reader that does not ask any more. */
const FORGOTTEN = 30_000;

export interface Reader {
  stop(): void;
}

/**
 * Reads a partition from its oldest message on, then what comes, in order; nothing is acknowledged, since only an end deletes
 * a message. After each new connection everything is read again: the server may have lost its end, or have
 * something back that was deleted. `onMessage` must know what it has.
 */
export function startReader(
  deps: { readonly link: Link; readonly layout: Layout; readonly logger: Logger },
  partition: number,
  onMessage: (stored: Stored) => void,
): Reader {
  const { link, layout, logger } = deps;
  const subject = layout.eventSubject(partition);
  let stopped = false;
  let messages: ConsumerMessages | undefined;
  let round = 0;
  let last = 0;
  /** `last` at the previous look. */
  let looked = 0;
  let behind = 0;
  let timer: NodeJS.Timeout | undefined;
  const off = link.onConnected(restart);
  const looking = setInterval(() => void look().catch(() => {}), LOOK).unref();
  restart();

  function restart(): void {
    round++;
    last = 0;
    clearTimeout(timer);
    end(messages);
    messages = undefined;
    void start(round);
  }

  async function start(mine: number): Promise<void> {
    const current = () => !stopped && mine === round;
    try {
      const consumer = await jetstream(link.connection).consumers.get(layout.events, {
        filter_subjects: subject,
        inactive_threshold: FORGOTTEN,
      });
      const started = await consumer.consume({
        max_messages: BATCH,
        expires: EXPIRES,
        idle_heartbeat: HEARTBEAT,
        callback(message) {
          if (!current()) return;
          last = message.seq;
          onMessage({ seq: message.seq, data: message.data });
        },
      });
      if (!current()) return end(started);
      messages = started;
      void started.closed().then((reason) => {
        if (current()) again(reason instanceof Error ? errorText(reason) : 'it ended');
      });
    } catch (error) {
      if (current()) again(errorText(error));
    }
  }

  function again(reason: string): void {
    logger.debug('messages cannot be read from NATS', { partition, reason, retry_ms: RETRY });
    clearTimeout(timer);
    timer = setTimeout(() => !stopped && restart(), RETRY);
  }

  /** Against a reader that gets nothing any more and does not know it. */
  async function look(): Promise<void> {
    const newest = await link.last(layout.events, subject);
    const stands = newest && newest.seq > last && last === looked;
    looked = last;
    behind = stands ? behind + 1 : 0;
    if (stopped || behind < 2) return;
    behind = 0;
    logger.warn('a reader of NATS had stopped; it is started again', { partition });
    restart();
  }

  return {
    stop() {
      stopped = true;
      off();
      clearInterval(looking);
      clearTimeout(timer);
      end(messages);
    },
  };
}

function end(messages: ConsumerMessages | undefined): void {
  messages?.stop();
}
