import type { Delivery, Queue } from '@falco-talon/core';
import { connect as connectTo } from '@nats-io/transport-node';
import { jetstreamManager } from '@nats-io/jetstream';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { drainQueue, queueMessage } from '@falco-talon/testkit/queue';
import { endServers, missing, startNats, type NatsServer } from './spec/nats-server.ts';
import { LIMITS, openOn } from './spec/open-queue.ts';

const ids = (found: readonly Delivery[]) => found.map((delivery) => delivery.message.id);
const many = (count: number, key = 'a') =>
  Array.from({ length: count }, (_, index) => queueMessage(`${key}${index}`, { key }));

describe.skipIf(missing)('a server that', { timeout: 30_000 }, () => {
  let server: NatsServer;
  let queue: Queue;
  const consuming = new Set<{ abort: AbortController; ended: Promise<void> }>();
  beforeEach(async () => {
    server = await startNats();
    queue = await openOn(server.url, { limit: 1500 });
  });
  afterEach(async () => {
    server.go();
    for (const { abort, ended } of consuming) {
      abort.abort();
      await ended;
    }
    consuming.clear();
    await queue.close();
  });
  afterAll(endServers);

  function consume(handler: (delivery: Delivery) => Promise<void>): Delivery[] {
    const found: Delivery[] = [];
    const abort = new AbortController();
    const handle = async (delivery: Delivery) => {
      found.push(delivery);
      await handler(delivery);
    };
    consuming.add({ abort, ended: queue.consume(handle, { inFlight: 20, perKey: 1, signal: abort.signal }) });
    return found;
  }
  const done = (delivery: Delivery) => delivery.settle({ kind: 'done' });

  it('is killed and comes back five times while messages come and go: none is lost, none done twice', async () => {
    const found = consume(done);
    const accepted: string[] = [];
    for (let round = 0; round < 5; round++) {
      const sent = await Promise.allSettled(
        Array.from({ length: 20 }, async (_, index) => {
          const id = `${round}-${index}`;
          await queue.publish([queueMessage(id, { key: `k${index % 5}`, dedup: { key: id, window: 60_000 } })]);
          accepted.push(id);
          if (index === 10) await server.kill();
        }),
      );
      expect(sent.some(({ status }) => status === 'fulfilled')).toBe(true);
      await server.start();
      await vi.waitFor(() => queue.ready(), { timeout: 5000, interval: 20 });
    }
    await vi.waitFor(async () => expect(await queue.depth()).toMatchObject({ pending: 0 }), { timeout: 10_000 });
    const first = found.filter(({ attempt }) => attempt === 1).map(({ message: { id } }) => id);
    expect(accepted.filter((id) => !first.includes(id))).toEqual([]);
    expect(new Set(first).size).toBe(first.length);
  });

  it('stores a message once more at another place while it is handled: both are gone when it has ended', async () => {
    const held = Promise.withResolvers<void>();
    const found = consume(async (delivery) => {
      if (delivery.message.id === 'twice') await held.promise;
      await done(delivery);
    });
    await queue.publish([queueMessage('twice')]);
    await vi.waitFor(() => expect(found).toHaveLength(1));
    await storedElsewhere(1);
    await server.kill();
    await server.start();
    await vi.waitFor(() => queue.ready(), { timeout: 5000, interval: 20 });
    // On the connection there is, behind the first one: a copy that is not needed.
    await storedElsewhere(2, { keep: true });
    await vi.waitFor(async () => expect(await queue.depth()).toMatchObject({ pending: 1 }), { timeout: 5000 });
    await queue.publish([queueMessage('next', { key: 'b' })]);
    held.resolve();
    await vi.waitFor(async () => expect(await queue.depth()).toMatchObject({ pending: 0 }), { timeout: 10_000 });
    expect(ids(found)).toEqual(['twice', 'next']);
  });

  /** As a publication does that is repeated, since its answer was lost, after the message was deleted. */
  async function storedElsewhere(seq: number, { keep = false } = {}): Promise<void> {
    const nc = await connectTo({ servers: server.url });
    const { streams } = await jetstreamManager(nc);
    const stored = await streams.getMessage('talon_events', { seq });
    if (!stored) throw new Error(`there is no message ${seq}`);
    if (!keep) await streams.deleteMessage('talon_events', seq);
    nc.publish(stored.subject, stored.data);
    await nc.flush();
    await nc.close();
  }

  it('stands still: nothing hangs, nothing is promised, and it goes on when it wakes', async () => {
    const held = Promise.withResolvers<void>();
    const found = consume(async (delivery) => {
      if (delivery.message.id === 'held' && delivery.attempt === 1) await held.promise;
      await done(delivery);
    });
    await queue.publish([queueMessage('held')]);
    await vi.waitFor(() => expect(found).toHaveLength(1));
    server.stall();
    const away = { code: 'queue_failed', retryable: true };
    await expect(queue.publish([queueMessage('lost?', { dedup: { key: 'x', window: 60_000 } })])).rejects.toMatchObject(
      away,
    );
    await expect(queue.ready()).rejects.toMatchObject(away);
    // The lease has run out meanwhile: what is announced now must not be done.
    expect(() => found[0]?.tenure?.check()).toThrow('another replica may act now');
    expect(found[0]?.tenure?.signal.aborted).toBe(true);
    server.go();
    await vi.waitFor(() => queue.ready(), { timeout: 5000, interval: 20 });
    await queue.publish([
      queueMessage('lost?', { dedup: { key: 'x', window: 60_000 } }),
      queueMessage('next', { key: 'b' }),
    ]);
    held.resolve();
    await vi.waitFor(async () => expect(await queue.depth()).toMatchObject({ pending: 0 }), { timeout: 10_000 });
    expect(ids(found).toSorted()).toEqual(['held', 'lost?', 'next']);
  });

  it('has been away for long refuses at once, and takes no memory for it', async () => {
    await server.kill();
    const publish = (id: string) => queue.publish([queueMessage(id)]);
    await expect(publish('first')).rejects.toMatchObject({ code: 'queue_failed', retryable: true });
    const outcomes = await Promise.allSettled(Array.from({ length: 1000 }, (_, index) => publish(`${index}`)));
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ reason: { code: 'queue_failed', retryable: true } });
    await server.start();
    await vi.waitFor(() => queue.ready(), { timeout: 5000, interval: 20 });
    expect(await queue.depth()).toMatchObject({ pending: 0 });
  });

  it('is full says so, keeps what it has, and takes more when there is room', async () => {
    const small = await openOn(server.url, { name: 'small', streams: { ...LIMITS, maxMessages: 10 } });
    await small.publish(many(10));
    await expect(small.publish(many(3, 'b'))).rejects.toMatchObject({
      code: 'queue_full',
      retryable: true,
      message: expect.stringContaining('maximum messages exceeded'),
    });
    expect(ids(await drainQueue(small, 4))).toEqual(['a0', 'a1', 'a2', 'a3']);
    await small.publish(many(3, 'b'));
    expect(await small.depth()).toMatchObject({ pending: 9 });
    await small.close();
  });

  it('has a damaged event, or a damaged journal, gets it back as a dead letter; nothing is acted on', async () => {
    await queue.publish([queueMessage('first'), queueMessage('second'), queueMessage('third')]);
    await drainQueue(queue, 1, async (delivery) => {
      await delivery.append([{ step: 's', kind: 'intent', data: 1 }]);
      await delivery.settle({ kind: 'later', at: 0, reason: 'again' });
    });
    const nc = await connectTo({ servers: server.url });
    const manager = await jetstreamManager(nc);
    const { state } = await manager.streams.info('talon_state', { subjects_filter: 'talon.state.journal.*' });
    const [journal = ''] = Object.keys(state.subjects ?? {});
    nc.publish(journal, 'no journal');
    nc.publish('talon.event.0', '1 00000000 2\n{}');
    await nc.flush();
    await nc.close();
    expect(ids(await drainQueue(queue, 2))).toEqual(['second', 'third']);
    await vi.waitFor(async () =>
      expect(await queue.depth()).toMatchObject({ pending: 0, dead: 2, damagedMessages: 2 }),
    );
    const letters = (await queue.deadLetters?.list({ limit: 10 })) ?? [];
    expect(letters.map(({ id }) => id).toSorted()).toEqual(['event-4', 'first']);
    expect(await queue.deadLetters?.retry(letters.map(({ id }) => id))).toEqual([]);
  });

  it('has streams that were changed is refused with what differs and how to mend it', async () => {
    await queue.publish([queueMessage('kept')]);
    const other = openOn(server.url, { streams: { ...LIMITS, maxMessages: 5 } });
    await expect(other).rejects.toThrow(
      'talon_events: max_msgs is 20000, not 5; nats stream edit talon_events --max-msgs=5, or change the configuration',
    );
    await expect(openOn(server.url, { partitions: 7 })).rejects.toThrow(
      'was made with 4 partitions, not 7. Set queue.nats.partitions to that number',
    );
    expect(await queue.depth()).toMatchObject({ pending: 1 });
  });
});
