import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineGuard, type Plugin } from '@falco-talon/core';
import queueSqlite from '@falco-talon/queue-sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { alert, engines, newWorld, pluginOf } from './testing-world.ts';

const { start, closeAll } = engines();
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'falco-talon-held-'));
});
afterEach(async () => {
  await closeAll();
  await rm(directory, { recursive: true, force: true });
});

const SQLITE = { path: 'queue.sqlite', max_messages: 1000, max_megabytes: 64, max_dead: 10, dead_retention_hours: 1 };

it('a stop does not wait for what a guard holds: it goes on after the restart, without counting as an attempt', async () => {
  const world = newWorld();
  const asked = Promise.withResolvers<void>();
  let holding = true;
  const keeper = defineGuard({
    name: 'keeper',
    description: 'd',
    async judge() {
      asked.resolve();
      return holding ? { kind: 'hold', reason: 'not now', until: Date.now() + 3_600_000 } : { kind: 'allow' };
    },
  });
  const plugin: Plugin = { ...pluginOf(world), guards: [keeper] };
  const durable = () =>
    start(world, {
      plugins: [plugin, queueSqlite],
      dataDirectory: directory,
      queues: { sqlite: SQLITE },
      settings: { queueType: 'sqlite' },
    });
  // More often than an event that ends the process is tried.
  for (let n = 0; n < 4; n++) {
    const engine = await durable();
    if (n === 0) await engine.post(alert('cart'));
    await asked.promise;
    expect(await engine.engine.stop(600_000)).toEqual({ unfinished: 1, lost: false });
    expect(engine.records).toEqual([]);
  }
  holding = false;
  const records = await (await durable()).outcomes(2);
  expect(records.map(({ status }) => status)).toEqual(['success', 'success']);
});
