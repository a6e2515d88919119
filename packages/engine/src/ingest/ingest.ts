import { randomUUID } from 'node:crypto';
import {
  asTalonError,
  type FalcoEvent,
  type Logger,
  type Message,
  type Queue,
  type TalonError,
} from '@falco-talon/core';
import { decodeAlert } from '../decode/decode-alert.ts';
import type { EngineSettings, IncomingHeaders, IngestAnswer, Observer } from '../lifecycle/engine.ts';
import type { FreshEvents } from './fresh-events.ts';
import { deduplicationKey, orderingKey } from './identity.ts';
import { traceOf } from './trace.ts';

export interface IngestDeps {
  readonly queue: Queue;
  readonly settings: Pick<EngineSettings, 'deduplicationWindow'>;
  readonly observer: Observer;
  readonly logger: Logger;
  readonly now: () => number;
  readonly fresh: Pick<FreshEvents, 'keep'>;
}

/** Bytes of an alert that may be kept decoded: an ordinary one has one or two thousand, and a thousand may be kept. */
const SMALL = 16 * 1024;

export type Ingest = (body: Uint8Array, headers: IncomingHeaders) => Promise<IngestAnswer>;

/** From the bytes of a request to an answer: decode, then queue. Whatever goes wrong is an answer too. */
export function createIngest({ queue, settings, observer, logger, now, fresh }: IngestDeps): Ingest {
  let refusing = false;

  /** One line when it begins and one when it ends: senders ignore a 503, so the log has to tell. */
  function noteQueue(error?: TalonError): void {
    if (refusing === (error !== undefined)) return;
    refusing = error !== undefined;
    if (error) logger.error('alerts are refused', { code: error.code, error: error.message });
    else logger.info('alerts are accepted again');
  }

  return async function ingest(body, headers) {
    const receivedAt = now();
    const startedAt = performance.now();
    const trace = traceOf(headers);
    const receipt = { id: randomUUID(), traceId: trace.traceId, receivedAt };
    try {
      const event = decodeAlert(body, receipt);
      if (body.byteLength <= SMALL) fresh.keep(event);
      const [answer] = await queue.publish([toMessage(event, body, trace.parentId, settings.deduplicationWindow)]);
      noteQueue();
      const duplicate = answer === 'duplicate';
      observer.event({
        source: event.source,
        priority: event.priority ?? '',
        result: duplicate ? 'duplicate' : 'accepted',
      });
      observer.latency('accept', performance.now() - startedAt);
      return { kind: 'accepted', id: event.id, traceId: event.traceId, duplicate };
    } catch (thrown) {
      const error = asTalonError(thrown);
      observer.event({ source: '', priority: '', result: 'refused' });
      if (error.code === 'invalid_event')
        return { kind: 'refused', status: 400, code: error.code, detail: error.message };
      noteQueue(error);
      const retryAfter = Math.max(1, Math.ceil((error.retryAfter ?? 1000) / 1000));
      return { kind: 'refused', status: 503, code: error.code, detail: error.message, retryAfter };
    }
  };
}

function toMessage(event: FalcoEvent, body: Uint8Array, parentId: string | undefined, window: number): Message {
  const headers: Record<string, string> = { 'trace-id': event.traceId, 'received-at': String(event.receivedAt) };
  if (parentId !== undefined) headers['parent-id'] = parentId;
  const message = { id: event.id, kind: 'event', key: orderingKey(event), headers, body };
  return window > 0 ? { ...message, dedup: { key: deduplicationKey(event), window } } : message;
}

/** The event a queued message carries. Accepted messages decode: `decodeAlert` has seen them before. */
export function eventOf(message: Message): FalcoEvent {
  return decodeAlert(message.body, {
    id: message.id,
    traceId: message.headers['trace-id'] ?? '',
    receivedAt: Number(message.headers['received-at'] ?? 0),
  });
}
