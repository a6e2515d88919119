import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import type { Budget } from '../guard/brake/budget.ts';
import { alert, engines, newWorld } from './testing-world.ts';

const { start, closeAll } = engines();
afterEach(closeAll);

const BUDGET: Budget = { per: 'namespace', limit: 3, window: 60_000, coolDown: 60_000, actionners: ['spec:*'] };

it('what is over budget becomes a dry run that says why, and notifiers hear of the brake once', async () => {
  const world = newWorld();
  const engine = await start(world, { settings: { budgets: [BUDGET] } });
  for (const pod of ['cart', 'basket', 'web']) await engine.post(alert(pod));
  const records = await engine.outcomes(6);
  expect(records.filter(({ status }) => status === 'success')).toHaveLength(3);
  for (const { result } of records.filter(({ status }) => status === 'dry_run'))
    expect(result).toMatch(
      /^storm brake: namespace shop has had its 3 actions in 60 s; observed until .+Z; would say [ab]$/,
    );
  expect(world.log.filter((line) => line.endsWith(' done'))).toHaveLength(3);
  await engine.until(() => world.told.length >= 4);
  expect(await engine.engine.queueDepth()).toMatchObject({ dead: 0 });
  expect(world.told.filter(({ stage }) => stage === 'guard')).toMatchObject([{ status: 'failure', rule: 'Answer' }]);
  expect(world.told.filter(({ status }) => status === 'dry_run')).toEqual([]);
  expect(engine.brakes.map(({ what }) => what)).toEqual(['engaged', 'observed', 'observed', 'observed']);
  await engine.engine.stop(1000);
  expect(await readFile(join(engine.dataDirectory, 'storm-brake.json'), 'utf8')).toContain('namespace shop');
});

it('what changes nothing costs no budget: dry runs, refusals, failed checks', async () => {
  const world = newWorld();
  const rules = `
- rule: Look
  dry_run: true
  match: { rules: [Shell] }
  actions: [{ action: look, actionner: spec:pod, parameters: { say: look } }]
- rule: Answer
  match: { rules: [Shell] }
  actions: [{ action: act, actionner: spec:pod, parameters: { say: act } }]
`;
  const engine = await start(world, { rules, settings: { budgets: [{ ...BUDGET, limit: 1 }] } });
  await engine.post(alert('etcd-0'));
  await engine.post({ ...alert('x'), output_fields: {} });
  await engine.outcomes(4);
  await engine.post(alert('cart'));
  const records = await engine.outcomes(6);
  expect(
    records
      .slice(4)
      .map(({ rule, status }) => `${rule} ${status}`)
      .toSorted(),
  ).toEqual(['Answer success', 'Look dry_run']);
});

it('repeats of one action count once', async () => {
  const world = newWorld();
  let fails = 2;
  world.fail.set('a', () =>
    fails-- > 0
      ? Object.assign(new Error('busy'), { kind: 'talon-error', code: 'unavailable', retryable: true, retryAfter: 0 })
      : undefined,
  );
  const engine = await start(world, { settings: { budgets: [{ ...BUDGET, limit: 2 }] } });
  await engine.post(alert('cart'));
  expect((await engine.outcomes(2)).map(({ status }) => status)).toEqual(['success', 'success']);
  expect(engine.brakes).toEqual([]);
});
