import { jetstream, type ConsumerMessages, type JsMsg } from '@nats-io/jetstream';
import { errorText, type Intake, type IntakeAnswer, type Logger } from '@falco-talon/core';
import type { MsgHdrs } from '@nats-io/transport-node';
import { encodeFrame } from './frame.ts';
import type { Layout } from './layout.ts';
import type { Link } from './link.ts';

/** Larger ones are no alerts; the door's own default. */
const MOST_BYTES = 1024 * 1024;
/** Alerts being taken at a time, per replica. */
const AT_ONCE = 64;
/** Waiting without a stream; more are dropped and counted, as NATS itself would. */
const MOST_WAITING = 10_000;
/** Bytes of these: ten thousand ordinary alerts, and no more of large ones than the memory of a small container has room for. */
const MOST_WAITING_BYTES = 32 * 1024 * 1024;
/** Milliseconds until an alert that was not taken is offered again, and until a reader that ended is started again. */
const LATER = 1_000;
const RESTART = 1_000;
/** Milliseconds after which the server offers an alert again that nobody has answered. */
const ACK_WAIT = 30_000;
const NANOSECONDS = 1_000_000;

export interface ForeignDeps {
  readonly link: Link;
  readonly layout: Layout;
  readonly intake: Intake;
  readonly subject: string;
  /** Absent: what is published while no replica listens is lost. */
  readonly stream?: string;
  /** Shared by the replicas, so that each alert reaches one of them. */
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly logger: Logger;
}

export interface Foreign {
  stop(): Promise<void>;
}

/** Takes the alerts that Falcosidekick publishes. */
export function receiveAlerts(deps: ForeignDeps): Foreign {
  return deps.stream === undefined ? subscribe(deps) : consume(deps, deps.stream);
}

function consume({ link, layout, intake, subject, name, now, logger }: ForeignDeps, stream: string): Foreign {
  let stopped = false;
  let messages: ConsumerMessages | undefined;
  let timer: NodeJS.Timeout | undefined;
  let failing = false;
  const running = new Set<Promise<void>>();
  void start();

  async function start(): Promise<void> {
    try {
      await link.manager.consumers.add(stream, {
        durable_name: name,
        ack_policy: 'explicit',
        ack_wait: ACK_WAIT * NANOSECONDS,
        max_deliver: -1,
        max_ack_pending: AT_ONCE * 16,
        filter_subject: subject,
      });
      const consumer = await jetstream(link.connection).consumers.get(stream, name);
      const started = await consumer.consume({
        max_messages: AT_ONCE,
        expires: 10_000,
        idle_heartbeat: 2_000,
        callback: take,
      });
      if (stopped) return started.stop();
      messages = started;
      failing = false;
      void started.closed().then((reason) => again(reason instanceof Error ? reason : 'it ended'));
    } catch (error) {
      again(error);
    }
  }

  function again(error: unknown): void {
    if (stopped) return;
    const fields = { stream, subject, error: errorText(error), retry_ms: RESTART };
    if (!failing) logger.error('alerts of Falcosidekick cannot be read from NATS', fields);
    failing = true;
    timer = setTimeout(() => void start(), RESTART);
  }

  function take(message: JsMsg): void {
    const work = answer(message).finally(() => running.delete(work));
    running.add(work);
  }

  /**
   * The server is told only when the queue has the alert: until then it keeps it. That it was told may be lost, with this
   * process or the server, and the alert comes again when its likes are no duplicates any more: so its place is noted.
   */
  async function answer(message: JsMsg): Promise<void> {
    const { seq, timestampNanos } = message;
    const place = layout.seenSubject(`${stream}/${seq}/${timestampNanos}`);
    const outcome = await takeOnce(message, place);
    if (outcome.kind === 'accepted') return message.ack();
    if (outcome.kind === 'later') return message.nak(LATER);
    logger.warn('a message from NATS is no alert', {
      subject: message.subject,
      seq: message.seq,
      error: outcome.reason,
    });
    // Without a reason: nats-server 2.9 does not understand one, and keeps the message.
    message.term();
  }

  async function takeOnce(message: JsMsg, place: string): Promise<IntakeAnswer> {
    try {
      if (await link.last(layout.seen, place)) return { kind: 'accepted' };
    } catch (error) {
      return { kind: 'later', reason: errorText(error) };
    }
    const outcome = await offered(intake, message.data, message.headers);
    // Without the note it is still most likely that the acknowledgement arrives.
    if (outcome.kind === 'accepted') await link.publish(place, encodeFrame({ at: now() })).catch(() => {});
    return outcome;
  }

  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      messages?.stop();
      await Promise.all(running);
    },
  };
}

function subscribe({ link, intake, subject, name, logger }: ForeignDeps): Foreign {
  const running = new Set<Promise<void>>();
  const waiting: { data: Uint8Array; headers: MsgHdrs | undefined; subject: string }[] = [];
  let waitingBytes = 0;
  let lost = 0;
  const subscription = link.connection.subscribe(subject, {
    queue: name,
    callback(error, { data, headers, subject: on }) {
      if (error) {
        logger.error('alerts of Falcosidekick cannot be read from NATS', { subject, error: error.message });
        return;
      }
      if (waiting.length >= MOST_WAITING || waitingBytes + data.byteLength > MOST_WAITING_BYTES)
        return noteLost('more alerts arrive than can be taken');
      waitingBytes += data.byteLength;
      // A copy: the library uses its buffer again.
      waiting.push({ data: Uint8Array.from(data), headers, subject: on });
      work();
    },
  });

  function work(): void {
    while (running.size < AT_ONCE) {
      const next = waiting.shift();
      if (!next) return;
      waitingBytes -= next.data.byteLength;
      const done = take(next).finally(() => {
        running.delete(done);
        work();
      });
      running.add(done);
    }
  }

  async function take(message: { data: Uint8Array; headers: MsgHdrs | undefined; subject: string }): Promise<void> {
    const outcome = await offered(intake, message.data, message.headers);
    if (outcome.kind === 'later') noteLost(outcome.reason);
    if (outcome.kind === 'malformed')
      logger.warn('a message from NATS is no alert', { subject: message.subject, error: outcome.reason });
  }

  /** At the first, the second, the fourth …: a flood must not fill the log. */
  function noteLost(reason: string): void {
    lost++;
    if (Number.isInteger(Math.log2(lost)))
      logger.error('alerts from NATS are lost; a stream would have kept them', { lost, reason });
  }

  return {
    async stop() {
      subscription.unsubscribe();
      while (running.size > 0) await Promise.all(running);
    },
  };
}

async function offered(intake: Intake, data: Uint8Array, headers: MsgHdrs | undefined) {
  if (data.byteLength > MOST_BYTES)
    return { kind: 'malformed', reason: `it has more than ${MOST_BYTES} bytes` } as const;
  const given = headers ? [...headers].map(([key, values]) => [key.toLowerCase(), values[0] ?? ''] as const) : [];
  return intake(data, Object.fromEntries(given));
}
