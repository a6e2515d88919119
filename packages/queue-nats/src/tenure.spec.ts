import {
  defineActionner,
  definePlugin,
  defineQueue,
  emptyObject,
  podTarget,
  silentLogger,
  type Delivery,
  type Logger,
  type Queue,
} from '@falco-talon/core';
import { startTestEngine, type TestEngine } from '@falco-talon/testkit/engine';
import { queueMessage } from '@falco-talon/testkit/queue';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect as connectTo } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { partitionOf } from './layout.ts';
import { endServers, missing, startNats, type NatsServer } from './spec/nats-server.ts';
import { openOn } from './spec/open-queue.ts';

const PARTITIONS = 32;
const OPTIONS = { lease: 400, limit: 800, partitions: PARTITIONS };

/** One of each partition that fits. */
function keysOf(fits: (partition: number) => boolean): string[] {
  const keys = new Map<number, string>();
  for (let n = 0; keys.size < PARTITIONS; n++) keys.set(partitionOf(`k${n}`, PARTITIONS), `k${n}`);
  return [...keys].flatMap(([partition, key]) => (fits(partition) ? [key] : []));
}

describe.skipIf(missing)('a replica', { timeout: 20_000 }, () => {
  let server: NatsServer;
  let number = 0;
  let name = '';
  const closing: (() => Promise<unknown>)[] = [];
  const warned: string[] = [];
  const warn: Logger['warn'] = (text) => warned.push(text.split(':')[0] ?? '');
  const logger: Logger = { ...silentLogger, warn, error: warn };
  beforeAll(async () => {
    server = await startNats();
  });
  afterEach(async () => {
    for (const close of closing.splice(0).toReversed()) await close();
  });
  afterAll(endServers);

  async function open(): Promise<Queue> {
    const queue = await openOn(server.url, { ...OPTIONS, name });
    closing.push(() => queue.close());
    return queue;
  }

  /** Handlers return at once; what they had is settled by the test, unless it is a probe. */
  function consume(queue: Queue) {
    const found: Delivery[] = [];
    const abort = new AbortController();
    async function handle(delivery: Delivery): Promise<void> {
      found.push(delivery);
      if (delivery.message.id === 'probe') await delivery.settle({ kind: 'done' });
    }
    const ended = queue.consume(handle, { inFlight: 100, perKey: 1, signal: abort.signal });
    const stop = async () => {
      abort.abort();
      await ended;
    };
    closing.push(stop);
    return { found, stop, ids: () => found.map(({ message: { id } }) => id) };
  }

  /** An engine on this queue. Whether an action has had its effect cannot be looked into. */
  async function startEngine(
    idempotent: boolean,
    check: () => Promise<void>,
    run: (action: string) => Promise<void>,
  ): Promise<TestEngine> {
    const act = defineActionner({
      name: 'act',
      description: 'For specs.',
      stability: 'stable',
      sources: 'any',
      continue: true,
      output: 'none',
      parameters: emptyObject,
      idempotent,
      permissions: [],
      examples: [{ description: 'one', parameters: {} }],
      target: ({ event }) => podTarget(event),
      async check() {
        await check();
        return { facts: {} };
      },
      async run({ step }) {
        await run(step.action);
        return { status: 'success', message: 'acted' };
      },
    });
    const queue = defineQueue({
      name: 'nats',
      description: 'For specs.',
      durable: true,
      shared: true,
      settings: emptyObject,
      open: async () => openOn(server.url, { ...OPTIONS, name, logger }),
    });
    const engine = await startTestEngine({
      plugins: [definePlugin({ name: 'spec', category: 'spec', actionners: [act], queues: [queue] })],
      rules:
        '- { rule: R, match: { rules: [Shell] }, actions: [{ action: one, actionner: spec:act }, { action: two, actionner: spec:act }] }',
      settings: { queueType: 'nats' },
      logger,
      queues: { nats: {} },
    });
    closing.push(() => engine.close());
    return engine;
  }
  const alert = { rule: 'Shell', priority: 'Notice', output_fields: { 'k8s.pod.name': 'cart', 'k8s.ns.name': 'shop' } };

  it('that loses touch with NATS for longer than its lease leaves steps it has not begun, and goes on with them later', async () => {
    name = `q${number++}`;
    const held = Promise.withResolvers<void>();
    const checking = Promise.withResolvers<void>();
    let acted = 0;
    const engine = await startEngine(
      false,
      async () => {
        checking.resolve();
        await held.promise;
      },
      async () => void acted++,
    );
    expect(await engine.post(alert)).toMatchObject({ kind: 'accepted' });
    await checking.promise;
    await server.kill();
    await vi.waitFor(() => expect(warned).toContain('this replica has lost touch with NATS'), { timeout: 5000 });
    held.resolve();
    await server.start();
    await engine.outcomes(2);
    expect(engine.records.map(({ action, status }) => [action, status])).toEqual([
      ['one', 'success'],
      ['two', 'success'],
    ]);
    expect(acted).toBe(2);
    await vi.waitFor(async () => expect(await engine.engine.queueDepth()).toMatchObject({ pending: 0, dead: 0 }));
  });

  it('that loses touch with NATS while it is about to act goes on with that later, though NATS has written it down meanwhile', async () => {
    name = `q${number++}`;
    warned.length = 0;
    const acted: string[] = [];
    let stalled = false;
    const engine = await startEngine(
      false,
      async () => {
        if (stalled) return;
        stalled = true;
        server.stall();
      },
      async (action) => void acted.push(action),
    );
    await engine.post(alert);
    await vi.waitFor(() => expect(warned).toContain('this replica has lost touch with NATS'), { timeout: 5000 });
    expect(acted).toEqual([]);
    server.go();
    await engine.outcomes(2);
    expect(engine.records.map(({ status }) => status)).toEqual(['success', 'success']);
    expect(acted).toEqual(['one', 'two']);
    await vi.waitFor(async () => expect(await engine.engine.queueDepth()).toMatchObject({ pending: 0, dead: 0 }));
  });

  it.each([true, false])(
    'that loses touch with NATS in the middle of a step begins no other one before it is back, nor that one again (can be repeated: %s)',
    async (idempotent) => {
      name = `q${number++}`;
      warned.length = 0;
      const held = Promise.withResolvers<void>();
      const begun: string[] = [];
      let away = false;
      const engine = await startEngine(
        idempotent,
        async () => {},
        async (action) => {
          begun.push(away ? `${action} while NATS is away` : action);
          await held.promise;
        },
      );
      await engine.post(alert);
      await vi.waitFor(() => expect(begun).toEqual(['one']));
      await server.kill();
      await vi.waitFor(() => expect(warned).toContain('this replica has lost touch with NATS'), { timeout: 5000 });
      away = true;
      held.resolve();
      await vi.waitFor(() => expect(warned).toContain('journal not written'), { timeout: 5000 });
      away = false;
      await server.start();
      await engine.until(() => engine.records.some(({ action }) => action === 'two'));
      expect(begun).toEqual(['one', 'two']);
      await vi.waitFor(async () => expect(await engine.engine.queueDepth()).toMatchObject({ pending: 0, dead: 0 }));
    },
  );

  it('keeps a partition until all it had of it is settled, and gives the others away, when one joins and when it stops', async () => {
    name = `q${number++}`;
    const queue = await open();
    const [busy, idle] = [keysOf((partition) => partition % 2 === 0), keysOf((partition) => partition % 2 === 1)];
    const first = consume(queue);
    await queue.publish(busy.map((key) => queueMessage(`held ${key}`, { key })));
    await vi.waitFor(() => expect(first.found).toHaveLength(busy.length));
    const second = consume(await open());
    const given = (count: number) =>
      vi.waitFor(
        async () => {
          await queue.publish(idle.map((key) => queueMessage('probe', { key })));
          expect(new Set(second.found.map(({ message: { key } }) => key)).size).toBeGreaterThanOrEqual(count);
        },
        { timeout: 10_000 },
      );
    await given(1);
    await first.stop();
    await given(idle.length);
    expect(second.ids().filter((id) => id !== 'probe')).toEqual([]);
    for (const delivery of first.found) if (delivery.message.id !== 'probe') await delivery.settle({ kind: 'done' });
    await queue.publish(busy.map((key) => queueMessage(`last ${key}`, { key })));
    const last = busy.map((key) => `last ${key}`);
    await vi.waitFor(() => expect(second.ids()).toEqual(expect.arrayContaining(last)), { timeout: 10_000 });
    expect(second.ids().filter((id) => id.startsWith('held'))).toEqual([]);
  });

  it('that was taken for dead and gets its partitions back begins anew what it had; the attempt of before is refused', async () => {
    name = `q${number++}`;
    const queue = await open();
    await queue.publish([queueMessage('m')]);
    const { found } = consume(queue);
    await vi.waitFor(() => expect(found).toHaveLength(1));
    const nc = await connectTo({ servers: server.url });
    closing.push(() => nc.close());
    const { streams } = await jetstreamManager(nc);
    // What another replica does before it takes the partitions of one that is silent.
    await streams.purge(`${name}_state`, { filter: `${name}.state.member.*` });
    await vi.waitFor(() => expect(found).toHaveLength(2), { timeout: 5000 });
    expect(found.map(({ attempt }) => attempt)).toEqual([1, 2]);
    const [before, now] = found;
    expect(before?.tenure?.signal.aborted).toBe(true);
    const taken = { code: 'not_leading', message: 'Another replica has taken message m over.' };
    await expect(before?.append([{ step: 's', kind: 'intent', data: 1 }])).rejects.toMatchObject(taken);
    await expect(before?.settle({ kind: 'done' })).rejects.toMatchObject({ ...taken, retryable: false });
    now?.tenure?.check();
    await now?.settle({ kind: 'done' });
    expect(await queue.depth()).toMatchObject({ pending: 0 });
  });
});
