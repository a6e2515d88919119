import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { Queue } from '@falco-talon/core';
import { drainQueue, queueMessage } from '@falco-talon/testkit/queue';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { endServers, missing, startNats, type NatsServer } from './spec/nats-server.ts';
import { openOn } from './spec/open-queue.ts';

/** `restricted` may delete no dead letter. */
const USERS = `authorization { users: [
  { user: all, password: p },
  { user: restricted, password: p, permissions: { publish: { deny: "$JS.API.STREAM.MSG.DELETE.talon_dead" } } },
] }`;
const all = { user: 'all', password: 'p' };

describe.skipIf(missing)('what was cut short', { timeout: 20_000 }, () => {
  let server: NatsServer;
  let nc: NatsConnection;
  let manager: JetStreamManager;
  let clock: number;
  let queue: Queue;
  beforeAll(async () => {
    server = await startNats(USERS);
    nc = await connect({ servers: server.url, user: 'all', pass: 'p' });
    manager = await jetstreamManager(nc);
  });
  beforeEach(async () => {
    clock = Date.now();
    queue = await openOn(server.url, { now: () => clock }, all);
  });
  afterEach(async () => {
    await queue.close();
    for await (const { config } of manager.streams.list()) await manager.streams.delete(config.name);
  });
  afterAll(async () => {
    await nc.close();
    await endServers();
  });

  const letters = () => queue.deadLetters!;
  async function setAside(): Promise<void> {
    await queue.publish([queueMessage('m')]);
    await drainQueue(queue, 1, (delivery) => delivery.settle({ kind: 'dead', reason: 'poison' }));
    await vi.waitFor(async () => expect(await queue.depth()).toMatchObject({ pending: 0, dead: 1 }));
  }

  it('an alert whose record was not written makes others duplicates for its window, and not for longer', async () => {
    const publish = (id: string) => queue.publish([queueMessage(id, { dedup: { key: 'x', window: 5_000 } })]);
    await publish('first');
    await manager.streams.purge('talon_seen');
    expect(await publish('at once')).toEqual(['duplicate']);
    await manager.streams.purge('talon_seen');
    clock += 6_000;
    expect(await publish('later')).toEqual(['accepted']);
    expect(await publish('at once again')).toEqual(['duplicate']);
    expect(await queue.depth()).toMatchObject({ pending: 2 });
  });

  it('a letter that was put back and could not be deleted is gone when its message begins', async () => {
    await setAside();
    const other = await openOn(server.url, { limit: 500 }, { user: 'restricted', password: 'p' });
    await expect(other.deadLetters!.retry(['m'])).rejects.toMatchObject({ code: 'queue_failed' });
    await other.close();
    expect(await queue.depth()).toMatchObject({ pending: 1, dead: 1 });
    const [again] = await drainQueue(queue, 1);
    expect(again?.message.id).toBe('m');
    expect(await queue.depth()).toMatchObject({ pending: 0, dead: 0 });
  });

  it('a dead message that could not be deleted makes no second letter when its first one was taken away', async () => {
    await queue.publish([queueMessage('m')]);
    const stored = await manager.streams.getMessage('talon_events', { seq: 1 });
    await drainQueue(queue, 1, (delivery) => delivery.settle({ kind: 'dead', reason: 'poison' }));
    await vi.waitFor(async () => expect(await queue.depth()).toMatchObject({ pending: 0, dead: 1 }));
    expect(await letters().drop(['m'])).toEqual(['m']);
    // As a server has it that lost the deletion.
    nc.publish(stored!.subject, stored!.data);
    await queue.publish([queueMessage('next')]);
    expect((await drainQueue(queue, 1)).map(({ message: { id } }) => id)).toEqual(['next']);
    await vi.waitFor(async () => expect(await queue.depth()).toMatchObject({ pending: 0 }));
    expect(await queue.depth()).toMatchObject({ dead: 0 });
  });
});
