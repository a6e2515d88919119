import queueSqlite from '@falco-talon/queue-sqlite';
import { afterEach, expect, it } from 'vitest';
import { alert, engines, newWorld, pluginOf } from './testing-world.ts';

const { start, closeAll } = engines();
afterEach(closeAll);

const MANY = 300;
const rule = (n: number) => `- { rule: r${n}, match: { rules: [Shell] }, actions: [
  { action: one, actionner: spec:pod, parameters: { say: "${n}a" } },
  { action: two, actionner: spec:pod, parameters: { say: "${n}b" } }] }\n`;

it('an event that hundreds of rules match runs all their actions on the pod, one after the other, and settles', async () => {
  const world = newWorld();
  const engine = await start(world, {
    plugins: [pluginOf(world), queueSqlite],
    rules: Array.from({ length: MANY }, (_, n) => rule(n)).join(''),
    queues: {
      sqlite: { path: 'q.sqlite', max_messages: 10, max_megabytes: 64, max_dead: 10, dead_retention_hours: 1 },
    },
    settings: { queueType: 'sqlite' },
  });
  await engine.post(alert('cart'));
  const records = await engine.outcomes(2 * MANY);
  expect(records.filter(({ status }) => status !== 'success')).toEqual([]);
  expect(world.log).toEqual(
    Array.from({ length: MANY }, (_, n) => [`${n}a:cart`, `${n}a:cart done`, `${n}b:cart`, `${n}b:cart done`]).flat(),
  );
  while ((await engine.engine.queueDepth()).pending > 0) await new Promise((resolve) => setImmediate(resolve));
  expect(await engine.engine.queueDepth()).toMatchObject({ pending: 0, dead: 0 });
});
