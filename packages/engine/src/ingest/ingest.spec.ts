import { silentLogger, TalonError, type Message, type Queue } from '@falco-talon/core';
import { describe, expect, it } from 'vitest';
import type { Observer } from '../lifecycle/engine.ts';
import { createIngest, eventOf } from './ingest.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const alert = {
  rule: 'Terminal shell in container',
  priority: 'Notice',
  output: '13:44:05.478445995: Notice A shell',
  hostname: 'node-7',
  output_fields: { 'k8s.ns.name': 'shop', 'k8s.pod.name': 'cart' },
};
const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));

function setUp(publish: Queue['publish'] = async (messages) => messages.map(() => 'accepted'), window = 5000) {
  const published: Message[] = [];
  const counted: unknown[] = [];
  const latencies: [string, number][] = [];
  const lines: string[] = [];
  let clock = 1_700_003_600_000;
  const ingest = createIngest({
    fresh: { keep: () => {} },
    queue: {
      publish: (messages: readonly Message[]) => {
        published.push(...messages);
        return publish(messages);
      },
    } as unknown as Queue,
    settings: { deduplicationWindow: window },
    observer: {
      event: (event: unknown) => void counted.push(event),
      latency: (...given: [string, number]) => void latencies.push(given),
    } as unknown as Observer,
    logger: {
      ...silentLogger,
      info: (message) => void lines.push(message),
      error: (message) => void lines.push(message),
    },
    // The clock is set back an hour each time somebody looks.
    now: () => (clock -= 3_600_000),
  });
  return { ingest, published, counted, latencies, lines };
}

describe('ingest', () => {
  it('says once that the queue refuses alerts, and once that it takes them again', async () => {
    let full = true;
    const { ingest, lines } = setUp(async (messages) => {
      if (full) throw new TalonError('queue_failed', 'the disk is full', { retryable: true });
      return messages.map(() => 'accepted');
    });
    for (let n = 0; n < 3; n++) await ingest(bytes(alert), {});
    expect(lines).toEqual(['alerts are refused']);
    full = false;
    for (let n = 0; n < 3; n++) await ingest(bytes(alert), {});
    expect(lines).toEqual(['alerts are refused', 'alerts are accepted again']);
  });

  it('accepts an alert once the queue has it, as received', async () => {
    const { ingest, published, counted, latencies } = setUp();
    const body = bytes(alert);
    const answer = await ingest(body, {});
    expect(answer).toEqual({
      kind: 'accepted',
      id: published[0]?.id,
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
      duplicate: false,
    });
    expect(published).toHaveLength(1);
    expect(published[0]).toMatchObject({ kind: 'event', body, dedup: { window: 5000 } });
    expect(published[0]?.headers).toEqual({
      'trace-id': (answer as { traceId: string }).traceId,
      'received-at': '1700000000000',
    });
    expect(counted).toEqual([{ source: 'syscall', priority: 'Notice', result: 'accepted' }]);
    expect(latencies).toEqual([['accept', expect.any(Number)]]);
    expect(latencies[0]?.[1]).toBeGreaterThanOrEqual(0);
  });

  it('gives the queue a message that decodes to the same event', async () => {
    const { ingest, published } = setUp();
    const answer = await ingest(bytes(alert), { traceparent: `00-${traceId}-00f067aa0ba902b7-01` });
    expect(answer).toMatchObject({ traceId });
    expect(published[0]?.headers['parent-id']).toBe('00f067aa0ba902b7');
    expect(eventOf(published[0]!)).toMatchObject({
      id: published[0]?.id,
      traceId,
      receivedAt: 1_700_000_000_000,
      rule: alert.rule,
      output: 'A shell',
    });
  });

  it('ignores a traceparent that is not valid', async () => {
    const { ingest, published } = setUp();
    const answer = await ingest(bytes(alert), { traceparent: `00-${'0'.repeat(32)}-00f067aa0ba902b7-01` });
    expect(answer).toMatchObject({ kind: 'accepted', traceId: expect.stringMatching(/^(?!0+$)[0-9a-f]{32}$/) });
    expect(published[0]?.headers).not.toHaveProperty('parent-id');
  });

  it('acknowledges a duplicate and counts it as one', async () => {
    const { ingest, counted } = setUp(async () => ['duplicate']);
    await expect(ingest(bytes(alert), {})).resolves.toMatchObject({ kind: 'accepted', duplicate: true });
    expect(counted).toEqual([{ source: 'syscall', priority: 'Notice', result: 'duplicate' }]);
  });

  it('asks for no deduplication when it is off', async () => {
    const { ingest, published } = setUp(undefined, 0);
    await ingest(bytes(alert), {});
    expect(published[0]).not.toHaveProperty('dedup');
  });

  it('refuses what is no alert, saying why, and queues nothing', async () => {
    const { ingest, published, counted } = setUp();
    for (const body of ['{', '{"priority":"Notice"}', '[]']) {
      await expect(ingest(Buffer.from(body), {})).resolves.toMatchObject({
        kind: 'refused',
        status: 400,
        code: 'invalid_event',
        detail: expect.any(String),
      });
    }
    expect(published).toEqual([]);
    expect(counted).toEqual(Array(3).fill({ source: '', priority: '', result: 'refused' }));
  });

  it.each([
    [new TalonError('queue_full', 'full', { retryable: true, retryAfter: 2500 }), 'queue_full', 3],
    [new TalonError('queue_failed', 'disk full', { retryable: true }), 'queue_failed', 1],
    [new TalonError('queue_full', 'full', { retryAfter: 0 }), 'queue_full', 1],
    [new Error('broken driver'), 'plugin_failed', 1],
  ])('answers 503 with a time to come back when the queue says %s', async (error, code, retryAfter) => {
    const { ingest, counted } = setUp(() => Promise.reject(error));
    await expect(ingest(bytes(alert), {})).resolves.toEqual({
      kind: 'refused',
      status: 503,
      code,
      detail: error.message,
      retryAfter,
    });
    expect(counted).toEqual([{ source: '', priority: '', result: 'refused' }]);
  });

  it('answers when the queue throws at once', async () => {
    const { ingest } = setUp(() => {
      throw new Error('sync');
    });
    await expect(ingest(bytes(alert), {})).resolves.toMatchObject({ kind: 'refused', status: 503 });
  });
});
