import type { Queue } from '@falco-talon/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { queueMessage } from '@falco-talon/testkit/queue';
import { endServers, missing, startNats, type NatsServer } from './spec/nats-server.ts';
import { openOn } from './spec/open-queue.ts';
import { PARTITIONS } from './spec/replica.fixture.ts';
import { endReplicas, startReplica, type Replica, type Said } from './spec/replica.ts';

/** Milliseconds; of the replicas that are to be taken over soon. */
const SHORT = 600;
/** Of those that must not wait for it. */
const LONG = 60_000;
const KEYS = 12;

const keyOf = (id: string) => id.split('-')[0] ?? '';

describe.skipIf(missing)('several replicas', { timeout: 40_000 }, () => {
  let server: NatsServer;
  let queue: Queue;
  beforeEach(async () => {
    server = await startNats();
    queue = await openOn(server.url, { partitions: PARTITIONS });
  });
  afterEach(async () => {
    await queue.close();
    await endReplicas();
    await endServers();
  });

  /** `k0-0`, `k1-0`, …: their number counts per key. */
  async function publish(from: number, to: number): Promise<void> {
    const ids = Array.from({ length: to - from }, (_, index) => from + index).flatMap((number) =>
      Array.from({ length: KEYS }, (_, key) => `k${key}-${number}`),
    );
    await queue.publish(ids.map((id) => queueMessage(id, { key: keyOf(id) })));
  }

  const empty = () =>
    vi.waitFor(async () => expect(await queue.depth()).toMatchObject({ pending: 0 }), {
      timeout: 20_000,
      interval: 50,
    });

  it('share the keys; of one key nothing overlaps and nothing overtakes, also while one joins', async () => {
    const first = await startReplica(server.url, SHORT);
    await publish(0, 30);
    await first.until(({ what }) => what === 'start');
    const second = await startReplica(server.url, SHORT);
    await publish(30, 60);
    await second.until(({ what }) => what === 'start');
    await publish(60, 90);
    await empty();
    expectInOrder([first, second], 90, 1);
    const keys = (replica: Replica) =>
      new Set(
        replica.said.flatMap(({ what, id }) => (what === 'start' && Number(id.split('-')[1]) >= 60 ? [keyOf(id)] : [])),
      );
    expect(keys(first).intersection(keys(second))).toEqual(new Set());
    expect(keys(first).size + keys(second).size).toBe(KEYS);
  });

  it('one that is killed: what it had comes again elsewhere, counted, in order', async () => {
    const killed = await startReplica(server.url, SHORT);
    const other = await startReplica(server.url, SHORT);
    await publish(0, 40);
    await Promise.all([killed, other].map((one) => one.until(({ what }) => what === 'done')));
    await killed.end('SIGKILL');
    await publish(40, 50);
    await empty();
    expectInOrder([killed, other], 50, 2);
  });

  it('one that stops in order hands over at once, though its lease would run for long', async () => {
    const leaving = await startReplica(server.url, LONG);
    const other = await startReplica(server.url, LONG);
    await publish(0, 20);
    await leaving.until(({ what }) => what === 'done');
    await leaving.end('SIGTERM');
    await publish(20, 30);
    await empty();
    expectInOrder([leaving, other], 30, 1);
    expect(leaving.said.at(-1)).toMatchObject({ what: 'closed' });
  });

  it('one that was frozen does nothing with what others have taken over, and joins again when it wakes', async () => {
    const frozen = await startReplica(server.url, SHORT);
    await queue.publish([queueMessage('hold-0', { key: 'hold' }), queueMessage('after-0', { key: 'hold' })]);
    await frozen.until(({ what, id }) => what === 'start' && id === 'hold-0');
    frozen.child.kill('SIGSTOP');
    const other = await startReplica(server.url, SHORT);
    await other.until(({ what, id }) => what === 'done' && id === 'after-0');
    expect(other.said.filter(({ what }) => what === 'start').map(({ id, attempt }) => [id, attempt])).toEqual([
      ['hold-0', 2],
      ['after-0', 1],
    ]);
    frozen.child.kill('SIGCONT');
    frozen.tell();
    expect(await frozen.until(({ what }) => what !== 'ready' && what !== 'start')).toMatchObject({
      what: 'refused:not_leading',
      id: 'hold-0',
    });
    await empty();
    await other.end('SIGKILL');
    await publish(0, 3);
    await empty();
    expect(frozen.said.filter(({ what }) => what === 'start').map(({ id }) => id)).not.toContain('after-0');
    // The last line may still be in the pipe.
    await vi.waitFor(() =>
      expect(frozen.said.filter(({ what, id }) => what === 'done' && id.startsWith('k'))).toHaveLength(3 * KEYS),
    );
  });
});

/** Every message was handled to its end, at most `most` times; per key in order, one at a time. */
function expectInOrder(replicas: readonly Replica[], count: number, most: number): void {
  const lines = replicas
    .flatMap(({ said }) => [...said])
    .filter(({ what }) => what === 'start' || what === 'end')
    .toSorted((a, b) => a.at - b.at);
  for (let key = 0; key < KEYS; key++) {
    const ofKey = lines.filter(({ id }) => keyOf(id) === `k${key}`);
    const started = ofKey.filter(({ what }) => what === 'start');
    const numbers = started.map(({ id }) => Number(id.split('-')[1]));
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect(new Set(numbers).size).toBe(count);
    expect(started.every(({ attempt }) => attempt <= most)).toBe(true);
    expect(most > 1 || started.length === count).toBe(true);
    expectNoOverlap(ofKey);
  }
}

function expectNoOverlap(lines: readonly Said[]): void {
  let open: string | undefined;
  for (const { what, id } of lines) {
    // One that was killed never said that it ended; only itself may come next.
    if (what === 'start') expect(open ?? id).toBe(id);
    open = what === 'start' ? id : undefined;
  }
}
