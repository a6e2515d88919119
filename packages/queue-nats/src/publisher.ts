import { randomBytes } from 'node:crypto';
import { TalonError, type Message } from '@falco-talon/core';
import { Conflict } from './failure.ts';
import { decodeFrame, encodeFrame, encodeMessage } from './frame.ts';
import { partitionOf, type Layout } from './layout.ts';
import type { Link } from './link.ts';

export interface PublisherDeps {
  readonly link: Link;
  readonly layout: Layout;
  readonly partitions: number;
  readonly now: () => number;
}

type Answer = 'accepted' | 'duplicate';

export function newNonce(): string {
  return randomBytes(12).toString('base64url');
}

/**
 * Stores messages in the order given. JetStream before 2.12 cannot store several of different subjects at once: when one
 * fails the others may be there, and the caller, who is told of a failure, offers all of them again. Those with a key are
 * then known; those without come twice.
 */
export function createPublisher({ link, layout, partitions, now }: PublisherDeps) {
  return async function publish(messages: readonly Message[]): Promise<Answer[]> {
    if (messages.length === 0) return [];
    if (link.full()) {
      throw new TalonError('queue_full', 'Events arrive faster than NATS takes them.', { retryable: true });
    }
    const prepared = messages.map((message) => ({ message, ...encoded(message) }));
    const seen = await lastAccepted(messages);
    const inBatch = new Set<string>();
    const answers = prepared.map(({ message, nonce, data }): Promise<Answer> => {
      const { dedup } = message;
      const subject = layout.eventSubject(partitionOf(message.key, partitions));
      if (!dedup) return store(subject, data, nonce);
      const before = seen.get(dedup.key);
      if (dedup.window > 0 && (inBatch.has(dedup.key) || isRecent(before?.at, dedup.window))) {
        return Promise.resolve('duplicate');
      }
      inBatch.add(dedup.key);
      return storeOnce(subject, data, { nonce, dedup, before: before?.seq ?? 0 });
    });
    // All of them, so that none is under way any more when the caller is told of a failure.
    const outcomes = await Promise.allSettled(answers);
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed) throw failed.reason;
    return outcomes.map((outcome) => (outcome as PromiseFulfilledResult<Answer>).value);
  };

  function encoded(message: Message): { nonce: string; data: Uint8Array } {
    const nonce = newNonce();
    const data = encodeMessage(message, { nonce, at: now() });
    const most = link.connection.info?.max_payload ?? Infinity;
    if (data.byteLength <= most - 1024) return { nonce, data };
    throw new TalonError(
      'queue_failed',
      `The event is too large for NATS: ${data.byteLength} bytes, max_payload of the server is ${most}. Raise max_payload there, or lower intake.max_body_bytes.`,
    );
  }

  async function lastAccepted(messages: readonly Message[]) {
    const keys = new Set(messages.flatMap(({ dedup }) => (dedup ? [dedup.key] : [])));
    const found = await Promise.all(
      [...keys].map(async (key) => {
        const stored = await link.last(layout.seen, layout.seenSubject(key));
        return [key, stored && { seq: stored.seq, at: acceptedAt(stored.data) }] as const;
      }),
    );
    return new Map(found);
  }

  function isRecent(at: number | undefined, window: number): boolean {
    // Both ways: a clock set back makes nothing a duplicate for longer than its window.
    return at !== undefined && Math.abs(now() - at) < window;
  }

  async function store(subject: string, data: Uint8Array, msgId: string): Promise<Answer> {
    await link.publish(subject, data, { msgId });
    return 'accepted';
  }

  /**
   * The server lets one message of an id in: of those that arrive at the same moment, and of one whose record was not
   * written any more. The id names the record that was there before, so that it is a new one when the window has passed.
   */
  async function storeOnce(
    subject: string,
    data: Uint8Array,
    once: { nonce: string; dedup: NonNullable<Message['dedup']>; before: number },
  ): Promise<Answer> {
    const record = layout.seenSubject(once.dedup.key);
    const msgId = once.dedup.window > 0 ? `${record}:${once.before}` : once.nonce;
    const { seq, duplicate } = await link.publish(subject, data, { msgId });
    if (!duplicate) {
      await link.publish(record, encodeFrame({ at: now() }));
      return 'accepted';
    }
    // The server knows ids for longer than the window: one whose record was never written may be older than that.
    const first = await link.get(layout.events, seq);
    const at = (first && acceptedAt(first.data)) ?? now();
    const written = await link.publish(record, encodeFrame({ at }), { expect: once.before }).catch(ignoreConflict);
    if (!written || isRecent(at, once.dedup.window)) return 'duplicate';
    return storeOnce(subject, data, { ...once, before: written.seq });
  }
}

/** The one that was accepted has written its own record. */
function ignoreConflict(error: unknown): undefined {
  if (!(error instanceof Conflict)) throw error;
  return undefined;
}

function acceptedAt(data: Uint8Array): number | undefined {
  const at = decodeFrame(data)?.meta['at'];
  return typeof at === 'number' ? at : undefined;
}
