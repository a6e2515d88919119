import { TalonError } from '@falco-talon/core';
import { afterEach, expect, it } from 'vitest';
import { alert, engines, newWorld } from './testing-world.ts';

const { start, closeAll } = engines();
afterEach(closeAll);

it('a right that is missing is logged and counted for each alert, and told once', async () => {
  const world = newWorld();
  world.fail.set('a', () => new TalonError('forbidden', 'not allowed to delete pods', { about: 'delete pods' }));
  const engine = await start(world);
  for (const pod of ['cart', 'basket', 'web', 'db']) await engine.post(alert(pod));
  const records = await engine.outcomes(4);
  expect(records.map(({ status }) => status)).toEqual(['failure', 'failure', 'failure', 'failure']);
  await engine.until(() => engine.notifications.length > 0);
  await engine.engine.stop(1000);
  expect(world.told).toHaveLength(1);
});
