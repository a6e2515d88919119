import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import queueSqlite from '@falco-talon/queue-sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alert, engines, newWorld, pluginOf, RULE, type World } from './testing-world.ts';

const { start, closeAll } = engines();
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'falco-talon-resume-'));
});
afterEach(async () => {
  await closeAll();
  await rm(directory, { recursive: true, force: true });
});

const SQLITE = { path: 'queue.sqlite', max_messages: 1000, max_megabytes: 64, max_dead: 10, dead_retention_hours: 1 };
/** Longer than `halt` waits. */
const LONG = RULE.replace('say: a', 'say: a, limit: 600000');

function durable(world: World, mode: 'enforce' | 'observe' = 'enforce') {
  return start(world, {
    plugins: [pluginOf(world), queueSqlite],
    rules: LONG,
    dataDirectory: directory,
    queues: { sqlite: SQLITE },
    settings: { queueType: 'sqlite', mode },
  });
}

/** An engine that is stopped in the middle of the first action on `cart`. */
async function halt(world: World, engine: Awaited<ReturnType<typeof durable>>): Promise<void> {
  const started = world.log.length;
  while (world.log.length === started) await new Promise((resolve) => setImmediate(resolve));
  await engine.engine.stop(200);
  expect(engine.records).toEqual([]);
}

describe('after an orderly restart', () => {
  it('goes on where it was, however often that happens: only attempts that end the process count', async () => {
    const world = newWorld();
    world.gates.set('a:cart', Promise.withResolvers());
    const first = await durable(world);
    const posted = first.post(alert('cart'));
    await halt(world, first);
    await posted;
    for (let restart = 0; restart < 4; restart++) await halt(world, await durable(world));

    world.gates.clear();
    const last = await durable(world);
    const records = await last.outcomes(2);
    expect(records.map(({ action, status }) => [action, status])).toEqual([
      ['first', 'success'],
      ['second', 'success'],
    ]);
  });

  it('acts on nothing when it was told to observe meanwhile', async () => {
    const world = newWorld();
    world.gates.set('a:cart', Promise.withResolvers());
    const first = await durable(world);
    const posted = first.post(alert('cart'));
    await halt(world, first);
    await posted;

    world.gates.clear();
    world.log.length = 0;
    const observing = await durable(world, 'observe');
    const records = await observing.outcomes(2);
    expect(records.map(({ status }) => status)).toEqual(['dry_run', 'dry_run']);
    expect(world.log).toEqual([]);
  });
});
