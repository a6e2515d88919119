import { describe, expect, it } from 'vitest';
import { BUDGET, charge, END, MINUTE, specBrake, specDirectory } from './testing-brake.ts';

const OBSERVED =
  /^storm brake: deployment shop\/cart has had its 2 actions in 300 s; observed until 2026-01-01T00:10:00.000Z$/;

describe('the storm brake', () => {
  it('lets as many act as the budget allows, then observes until it has cooled down', async () => {
    const { brake, wait } = await specBrake({ directory: await specDirectory() });
    expect([brake.charge(charge()), brake.charge(charge())]).toEqual([undefined, undefined]);
    expect(brake.charge(charge())).toMatch(OBSERVED);
    wait(9 * MINUTE);
    expect(brake.charge(charge())).toMatch(OBSERVED);
    wait(MINUTE);
    expect([brake.charge(charge()), brake.charge(charge())]).toEqual([undefined, undefined]);
    expect(brake.charge(charge())).toContain('storm brake');
  });

  it('counts an action for the length of the window only', async () => {
    const { brake, wait } = await specBrake({ directory: await specDirectory() });
    for (let n = 0; n < 6; n++) {
      expect(brake.charge(charge())).toBeUndefined();
      wait(2.5 * MINUTE);
    }
    expect(brake.charge(charge())).toBeUndefined();
    expect(brake.charge(charge())).toContain('storm brake');
  });

  it('is told once when it is engaged and once when it is released', async () => {
    const { brake, counts, told, lines, wait } = await specBrake({ directory: await specDirectory() });
    for (let n = 0; n < 5; n++) brake.charge(charge());
    wait(10 * MINUTE);
    brake.charge(charge());
    expect(counts).toEqual([
      'engaged workload',
      'observed workload',
      'observed workload',
      'observed workload',
      'released workload',
    ]);
    expect(told.map(({ status, stage, error, result }) => [stage, status, error ?? result])).toEqual([
      [
        'guard',
        'failure',
        'storm brake engaged for deployment shop/cart: 2 actions in 300 s; what follows is only observed, until 2026-01-01T00:10:00.000Z',
      ],
      ['guard', 'success', 'storm brake released for deployment shop/cart: 3 actions were only observed'],
    ]);
    expect(lines.map((line) => line.split(' {')[0])).toEqual(['storm brake engaged', 'storm brake released']);
  });

  it('counts a step once, however often it is repeated, and lets it go on while the brake is engaged', async () => {
    const { brake } = await specBrake({ directory: await specDirectory() });
    const first = charge();
    for (let n = 0; n < 5; n++) expect(brake.charge(first)).toBeUndefined();
    expect(brake.charge(charge())).toBeUndefined();
    expect(brake.charge(charge())).toContain('storm brake');
    expect(brake.charge(first)).toBeUndefined();
  });

  it('leaves other workloads, other actions and other namespaces alone', async () => {
    const { brake } = await specBrake({ directory: await specDirectory() });
    for (let n = 0; n < 3; n++) brake.charge(charge('cart'));
    expect(brake.charge(charge('cart'))).toContain('storm brake');
    expect(brake.charge(charge('basket'))).toBeUndefined();
    expect(brake.charge(charge('cart', { effect: { ...END, destructive: false } }))).toBeUndefined();
    const elsewhere = { workload: { kind: 'deployment', namespace: 'staging', name: 'cart' } };
    expect(brake.charge(charge('cart', { subject: elsewhere }))).toBeUndefined();
  });

  it('takes nothing from the wider budgets for what it keeps from acting', async () => {
    const budgets = [BUDGET, { ...BUDGET, per: 'cluster', limit: 5 } as const];
    const { brake } = await specBrake({ directory: await specDirectory(), budgets });
    for (let n = 0; n < 100; n++) brake.charge(charge('noisy'));
    for (const other of ['a', 'b', 'c']) expect(brake.charge(charge(other))).toBeUndefined();
    expect(brake.charge(charge('d'))).toContain('the cluster has had its 5 actions');
  });

  it('counts what the budget names, in place of the destructive actions', async () => {
    const budgets = [{ ...BUDGET, limit: 1, actionners: ['spec:end', 'other:*'] }];
    const { brake } = await specBrake({ directory: await specDirectory(), budgets });
    const of = (actionner: string) => {
      const one = charge('cart', { effect: { ...END, destructive: false } });
      return { ...one, step: { ...one.step, actionner } };
    };
    expect(brake.charge(of('spec:endless'))).toBeUndefined();
    expect(brake.charge(of('spec:end'))).toBeUndefined();
    expect(brake.charge(of('other:thing'))).toContain('storm brake');
  });

  it.each([
    ['*', false],
    ['spec:*', false],
    ['spec:end', true],
  ])('%s counts what only reads: %s', async (pattern, counts) => {
    const budgets = [{ ...BUDGET, limit: 1, actionners: [pattern] }];
    const { brake } = await specBrake({ directory: await specDirectory(), budgets });
    const look = () => charge('cart', { effect: { idempotent: true, destructive: false, readOnly: true } });
    brake.charge(look());
    expect(brake.charge(look()) !== undefined).toBe(counts);
  });

  it('counts nothing and writes nothing without budgets', async () => {
    const directory = await specDirectory();
    const { brake } = await specBrake({ directory, budgets: [] });
    for (let n = 0; n < 100; n++) expect(brake.charge(charge())).toBeUndefined();
  });

  it('is released without anything arriving', async () => {
    const released = Promise.withResolvers<void>();
    const machine = { now: 1_000_000, boot: 'one' };
    const { brake, told } = await specBrake({
      directory: await specDirectory(),
      machine,
      budgets: [{ ...BUDGET, coolDown: 10 }],
      tell: async ({ status }) => void (status === 'success' && released.resolve()),
    });
    for (let n = 0; n < 3; n++) brake.charge(charge());
    machine.now += 10;
    await released.promise;
    expect(told).toEqual([]);
  });
});
