import { afterEach, expect, it, vi } from 'vitest';
import { found } from './testing-delivery.ts';
import { engines } from './testing-world.ts';

const { start, closeAll } = engines();
afterEach(async () => {
  vi.restoreAllMocks();
  await closeAll();
});

it('an event that is done is settled, however long the queue cannot write that down', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(0); // the backoff has full jitter: no waiting
  const { world, engine, settled } = await found(start, { attempt: 1, unsettled: 50 });
  expect(await settled).toEqual({ kind: 'done' });
  expect(world.log.length).toBeGreaterThan(0);
  expect(engine.records).toMatchObject([{ status: 'success' }, { status: 'success' }]);
});
