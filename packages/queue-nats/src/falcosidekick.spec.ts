import { silentLogger, type Intake, type IntakeAnswer, type Logger, type Queue } from '@falco-talon/core';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect as connectTo, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { endServers, missing, startNats, type NatsServer } from './spec/nats-server.ts';
import { openOn } from './spec/open-queue.ts';

const SUBJECT = 'falco.notice.terminal_shell_in_container';
const accepted: IntakeAnswer = { kind: 'accepted' };

describe.skipIf(missing)('alerts that Falcosidekick publishes', { timeout: 20_000 }, () => {
  let server: NatsServer;
  let nc: NatsConnection;
  let manager: JetStreamManager;
  const stopping: (() => Promise<void>)[] = [];
  beforeEach(async () => {
    server = await startNats();
    nc = await connectTo({ servers: server.url, reconnectTimeWait: 50 });
    manager = await jetstreamManager(nc);
  });
  afterEach(async () => {
    for (const stop of stopping.splice(0)) await stop();
    await nc.close();
  });
  afterAll(endServers);

  /** A replica that listens; what it was given, by text. */
  async function replica(
    intake: (text: string, attempt: number) => IntakeAnswer,
    stream?: string,
    begin: Promise<void> = Promise.resolve(),
  ) {
    const got: string[] = [];
    const lost: unknown[] = [];
    const counted = new Map<string, number>();
    const take: Intake = async (body, headers) => {
      const text = Buffer.from(body).toString();
      got.push(`${text}${headers['traceparent'] ?? ''}`);
      counted.set(text, (counted.get(text) ?? 0) + 1);
      await begin;
      return intake(text, counted.get(text) ?? 0);
    };
    const error: Logger['error'] = (_, fields) => lost.push(fields?.['lost']);
    const queue: Queue = await openOn(server.url, {
      logger: { ...silentLogger, error },
      foreign: { intake: take, subject: 'falco.>', ...(stream !== undefined && { stream }) },
    });
    const abort = new AbortController();
    const consuming = queue.consume(async () => {}, { inFlight: 1, perKey: 1, signal: abort.signal });
    stopping.push(async () => {
      abort.abort();
      await consuming;
      await queue.close();
    });
    return { got, lost };
  }

  const publish = (...texts: string[]) => texts.forEach((text) => nc.publish(SUBJECT, text));
  const left = async () => (await manager.consumers.info('FALCO', 'talon')).num_ack_pending;

  it('in a stream are kept until they are taken, also those of before; each reaches one replica', async () => {
    await manager.streams.add({ name: 'FALCO', subjects: ['falco.>'] });
    publish('before');
    await nc.flush();
    const first = await replica(() => accepted, 'FALCO');
    const second = await replica(() => accepted, 'FALCO');
    const texts = Array.from({ length: 50 }, (_, index) => `alert${index}`);
    publish(...texts);
    await vi.waitFor(() => expect([...first.got, ...second.got].toSorted()).toEqual(['before', ...texts].toSorted()));
    await vi.waitFor(async () => expect(await left()).toBe(0));
  });

  it('in a stream come again when they were not taken, and not when they are no alerts', async () => {
    await manager.streams.add({ name: 'FALCO', subjects: ['falco.>'] });
    const { got } = await replica((text, attempt) => {
      if (text === 'nonsense') return { kind: 'malformed', reason: 'no JSON' };
      return attempt === 1 ? { kind: 'later', reason: 'full' } : accepted;
    }, 'FALCO');
    publish('nonsense', 'alert', 'x'.repeat(1024 * 1024 - 512));
    await vi.waitFor(() => expect(got.filter((text) => text === 'alert')).toHaveLength(2), { timeout: 5000 });
    await vi.waitFor(async () => expect(await left()).toBe(0), { timeout: 5000 });
    expect(got.filter((text) => text === 'nonsense')).toHaveLength(1);
  });

  it('in a stream are taken once, also when the server does not know that they were', async () => {
    await manager.streams.add({ name: 'FALCO', subjects: ['falco.>'] });
    const first = await replica(() => accepted, 'FALCO');
    publish('once');
    await vi.waitFor(() => expect(first.got).toEqual(['once']));
    await vi.waitFor(async () => expect(await left()).toBe(0));
    await stopping.pop()?.();
    // Who reads the stream now begins at its start.
    await manager.consumers.delete('FALCO', 'talon');
    publish('second');
    const second = await replica(() => accepted, 'FALCO');
    await vi.waitFor(() => expect(second.got).toEqual(['second']));
    await vi.waitFor(async () => expect(await left()).toBe(0));
    expect(second.got).toEqual(['second']);
  });

  it('without a stream reach a replica that listens, also after the server was away', async () => {
    const { got } = await replica(() => accepted);
    await vi.waitFor(async () => {
      publish('first');
      await nc.flush();
      expect(got).toContain('first');
    });
    await server.kill();
    await server.start();
    await vi.waitFor(
      async () => {
        publish('second');
        await nc.flush();
        expect(got).toContain('second');
      },
      { timeout: 10_000, interval: 100 },
    );
  });

  it('without a stream wait in no more memory than a small container has', async () => {
    const begin = Promise.withResolvers<void>();
    const { got, lost } = await replica(() => accepted, undefined, begin.promise);
    await vi.waitFor(async () => {
      publish('first');
      await nc.flush();
      expect(got).toContain('first');
    });
    const large = 'x'.repeat(1024 * 1024 - 512);
    for (let n = 0; n < 128; n++) {
      publish(large);
      if (n % 16 === 0) await nc.flush();
    }
    await vi.waitFor(() => expect(lost).toContain(32), { timeout: 10_000 });
    begin.resolve();
    await vi.waitFor(async () => {
      publish('last');
      await nc.flush();
      expect(got).toContain('last');
    });
    expect(got.filter((text) => text === large).length).toBeLessThanOrEqual(128 - 32);
  });
});
