import {
  defineNotifier,
  defineOutput,
  definePlugin,
  emptyObject,
  TalonError,
  type Delivery,
  type Entry,
  type Output,
} from '@falco-talon/core';
import { falcoEvent, testScope } from '@falco-talon/testkit';
import { describe, expect, it, vi } from 'vitest';
import { STEP } from '../act/testing-step.ts';
import { createSlots } from '../act/slots.ts';
import { createClientPool } from '../clients/client-pool.ts';
import type { Spool } from '../deliver/spool.ts';
import { entries, readJournal } from '../journal/journal.ts';
import { createNotifications } from '../notify/notifications.ts';
import { actionRecord } from '../record/outcome.ts';
import { buildRegistry } from '../registry/registry.ts';
import type { Observer } from './engine.ts';
import { startEffects } from './step-effects.ts';

const event = falcoEvent();
const artifact = {
  name: 'log.txt',
  mediaType: 'text/plain',
  file: 'spooled',
  bytes: 3,
  sha256: 'abc',
  truncated: false,
  keptAt: 0,
};
const step = { ...STEP, output: { target: 'spec:store', parameters: {} }, notifiers: ['slack'] };
const record = actionRecord(event, step, { status: 'success', message: 'done', objects: {}, artifacts: [artifact] }, 0);

function setUp(store: Output['store'], journal: readonly Entry[] = []) {
  const order: string[] = [];
  const output = defineOutput({
    name: 'store',
    description: 'x',
    parameters: emptyObject,
    permissions: [],
    examples: [{ description: 'x', parameters: {} }],
    store,
  });
  const slack = defineNotifier({
    name: 'slack',
    description: 'x',
    settings: emptyObject,
    notify: async ({ records }) => void order.push(...records.map(({ stage, status }) => `told of ${stage} ${status}`)),
  });
  const registry = buildRegistry([
    definePlugin({ name: 'spec', category: 'spec', outputs: [output], notifiers: [slack] }),
  ]);
  const stop = new AbortController();
  const scope = testScope({ signal: stop.signal });
  const observer = { latency: () => {}, outcome: () => {}, notification: () => {} } as unknown as Observer;
  const environment = { variables: {}, homeDirectory: '/' };
  const pool = createClientPool({
    clients: registry.clients,
    sections: new Map(),
    environment,
    logger: scope.logger,
    now: scope.now,
  });
  const notifications = createNotifications({ registry, sections: new Map(), pool, observer, scope });
  const spool = { remove: async () => void order.push('removed') } as unknown as Spool;
  const delivery = {
    append: async (added: readonly Entry[]) => void order.push(...added.map(({ kind }) => kind)),
  } as unknown as Delivery;
  const start = (stored = Promise.resolve()) =>
    startEffects(
      { event, step, delivery, journal: readJournal(journal), lease: pool.lease(), stored, quiet: false },
      { record, artifacts: [artifact] },
      { registry, spool, scope, observer, notifications, uploadSlots: createSlots(4) },
    );
  return { start, order, stop };
}

describe('startEffects', () => {
  it('lets go of an artifact once its upload is journalled, not before', async () => {
    const { start, order } = setUp(async () => ({ message: 'stored', objects: {} }));
    await start().all;
    expect(order.indexOf('removed')).toBeGreaterThan(order.indexOf('delivered'));
    expect(order.toSorted()).toEqual([
      'delivered',
      'notified',
      'notified',
      'removed',
      'told of action success',
      'told of output success',
    ]);
  });

  it('keeps the file of an upload that was given up', async () => {
    const { start, order } = setUp(() => Promise.reject(new TalonError('forbidden', 'no')));
    await start().all;
    expect(order).toContain('told of output failure');
    expect(order).not.toContain('removed');
  });

  it('uploads at once, but tells nobody before the result is in the journal', async () => {
    const { start, order } = setUp(async () => ({ message: 'stored', objects: {} }));
    const { promise, resolve } = Promise.withResolvers<void>();
    const { uploads, all } = start(promise);
    await uploads;
    expect(order.filter((entry) => entry.startsWith('told'))).toEqual([]);
    resolve();
    await all;
    expect(order).toContain('told of action success');
  });

  it('after a crash repeats nothing that is journalled, and removes the file', async () => {
    const store = vi.fn<Output['store']>();
    const delivered = { ...record, stage: 'output' as const };
    const journal = [
      entries.delivered(STEP.id, 0, delivered),
      entries.notified(STEP.id, 'action'),
      entries.notified(STEP.id, 'output-0'),
    ];
    const { start, order } = setUp(store, journal);
    await start().all;
    expect(store).not.toHaveBeenCalled();
    expect(order).toEqual(['removed']);
  });

  it('a stop during an upload that nobody waits for is no unhandled rejection', async () => {
    const { start, stop, order } = setUp(() => new Promise(() => {}));
    const { all } = start();
    stop.abort();
    await expect(all).rejects.toMatchObject({ code: 'aborted' });
    expect(order).not.toContain('removed');
  });
});
