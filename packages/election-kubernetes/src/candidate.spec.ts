import { fit } from '@falco-talon/core';
import { describe, expect, it } from 'vitest';
import { microTime } from './lease.ts';
import { settings } from './settings.ts';
import { FREE_LEASE, LEASE, openWorld, SETTINGS, type World } from './testing-replicas.ts';

async function open(...input: Parameters<typeof openWorld>): Promise<World & AsyncDisposable> {
  const world = await openWorld(...input);
  return { ...world, [Symbol.asyncDispose]: () => world.close() };
}

const heldBy = (holderIdentity: string, more: Record<string, unknown> = {}) => ({
  ...LEASE,
  metadata: { name: 'falco-talon', namespace: 'talon' },
  spec: { holderIdentity, leaseDurationSeconds: 1, leaseTransitions: 3, renewTime: microTime(0), ...more },
});

describe('a candidate', { concurrent: true }, () => {
  it('takes a Lease nobody holds, renews it, and gives it up when it closes', async () => {
    await using world = await open([FREE_LEASE]);
    const before = performance.now();
    const one = await world.stand('one');
    await one.led();
    const { term, until } = one.lead()!;
    expect(term).toBe(7);
    expect(until).toBeGreaterThan(before + 600);
    expect(until).toBeLessThan(performance.now() + 600);
    expect(world.lease()).toMatchObject({ holderIdentity: 'one', leaseDurationSeconds: 1, leaseTransitions: 7 });
    await one.until(() => true);
    await world.api.until(() => world.lease()?.['renewTime'] !== world.lease()?.['acquireTime']);
    expect(one.leader()).toEqual(one.self);
    await one.close();
    expect(one.lead()).toBeUndefined();
    expect(world.lease()).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1, leaseTransitions: 7 });
  });

  it('leads by a Lease it made only when whoever led by a deleted one must have stopped', async () => {
    await using world = await open();
    const began = performance.now();
    const one = await world.stand('one');
    expect(world.lease()).toMatchObject({ holderIdentity: 'one' });
    expect(one.lead()).toBeUndefined();
    await one.led();
    expect(performance.now() - began).toBeGreaterThanOrEqual(1000);
  });

  it('waits until a Lease was not renewed for its duration by this clock, whatever times stand in it', async () => {
    await using world = await open([heldBy('dead', { renewTime: microTime(0) })]);
    const began = performance.now();
    const one = await world.stand('one');
    expect(one.lead()).toBeUndefined();
    await one.led();
    expect(performance.now() - began).toBeGreaterThanOrEqual(1000);
    expect(one.lead()?.term).toBe(4);
  });

  it('waits as long as the holder announced when that is longer', async () => {
    await using world = await open([heldBy('other', { leaseDurationSeconds: 2 })]);
    const began = performance.now();
    const one = await world.stand('one');
    await one.led();
    expect(performance.now() - began).toBeGreaterThanOrEqual(2000);
  });

  it('is one of two, and the other follows at once when the first gives up', async () => {
    await using world = await open([FREE_LEASE]);
    const one = await world.stand('one');
    const two = await world.stand('two');
    await one.led();
    await two.until(() => two.leader()?.identity === 'one');
    expect(two.lead()).toBeUndefined();
    expect(two.leader()).toEqual(one.self);
    await one.close();
    await two.led();
    expect(two.lead()?.term).toBe(8);
  });

  it('stops leading before its Lease ends when the API server does not answer, and is a candidate again', async () => {
    await using world = await open([FREE_LEASE]);
    const one = await world.stand('one');
    await one.led();
    const hang = world.api.fault({ kind: 'hang' });
    await one.until(() => one.lead() === undefined);
    expect(world.lease()).toMatchObject({ holderIdentity: 'one' });
    hang.release();
    world.api.closeConnections();
    await one.led();
    expect(one.lead()?.term).toBe(7);
  });

  it.each([
    ['a refusal', { kind: 'status', status: 403 }],
    ['an error', { kind: 'status', status: 500 }],
    ['a reset', { kind: 'reset' }],
    ['a lost answer', { kind: 'lost-answer' }],
  ] as const)(
    'goes on after %s',
    async (_, fault) => {
      await using world = await open([FREE_LEASE]);
      const one = await world.stand('one');
      await one.led();
      const broken = world.api.fault({ ...fault, match: { resource: 'leases' } });
      await one.until(() => one.lead() === undefined);
      broken.release();
      await one.led();
      expect(
        one.scope.lines.filter(({ message }) => message.startsWith('lease cannot be used')).length,
      ).toBeGreaterThan(0);
    },
    15_000,
  );

  it('loses at once when somebody else has written himself into the Lease', async () => {
    await using world = await open([FREE_LEASE]);
    const one = await world.stand('one');
    await one.led();
    world.api.change('leases', 'talon', 'falco-talon', (lease) => void (lease.spec!['holderIdentity'] = 'thief'));
    await one.until(() => one.lead() === undefined);
    await one.led();
    expect(one.lead()?.term).toBe(8);
  });

  it('makes the Lease again when it was deleted', async () => {
    await using world = await open([FREE_LEASE]);
    const one = await world.stand('one');
    await one.led();
    world.api.remove('leases', 'talon', 'falco-talon');
    await one.until(() => one.lead() === undefined);
    await one.led();
    expect(world.lease()).toMatchObject({ holderIdentity: 'one' });
  });

  it.each([
    [{}],
    [{ holderIdentity: '', leaseTransitions: 2_147_483_647 }],
    [{ holderIdentity: '', leaseDurationSeconds: 2_000_000_000, renewTime: '2999-01-01T00:00:00.000000Z' }],
  ])('is not kept from leading by what stands in a Lease nobody holds: %j', async (spec) => {
    await using world = await open([{ ...FREE_LEASE, spec }]);
    const one = await world.stand('one');
    await one.led();
    expect(world.lease()).toMatchObject({ holderIdentity: 'one', leaseDurationSeconds: 1 });
  });

  it('does nothing by a lead the time of day has outlived: the machine was suspended', async () => {
    await using world = await open([FREE_LEASE]);
    let ahead = 0;
    const one = await world.stand('one', { now: () => Date.now() + ahead });
    await one.led();
    ahead = 3_600_000;
    expect(one.lead()).toBeUndefined();
    await one.led();
    ahead = -3_600_000;
    expect(one.lead()).toBeDefined();
  });
});

describe('rights that are missing', () => {
  const leases = (verbs: string[]) => [{ apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs }];

  it.each([
    ['nothing', [], 1],
    ['reading', ['get', 'list'], 1],
    // And once more to delete what it had created.
    ['no update', ['get', 'list', 'create'], 2],
  ])('keep the server from starting, in a sentence that says what to allow: %s', async (_, verbs, refused) => {
    await using world = await open([FREE_LEASE]);
    world.api.addUser({ name: 'weak', rules: leases(verbs) });
    await expect(world.stand('one', { user: 'weak' })).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringMatching(
        /allow get, list, create, update and delete on leases of coordination\.k8s\.io in the namespace talon, .*deduplication\.leader_election to false/,
      ),
    });
    // Not again for giving up what it never had.
    expect(world.api.requests.filter(({ status }) => status === 403)).toHaveLength(refused);
  });

  it('are none with those the election names', async () => {
    await using world = await open();
    world.api.addUser({ name: 'exact', rules: leases(['get', 'list', 'create', 'update', 'delete']) });
    const one = await world.stand('one', { user: 'exact' });
    await one.led();
    await one.close();
    expect(world.api.requests.filter(({ status }) => status === 403)).toEqual([]);
  });
});

it.each([
  [{ renew_deadline_seconds: 1 }, 'renew_deadline_seconds (1) must be less than lease_duration_seconds (1)'],
  [{ retry_period_seconds: 0.5 }, 'retry_period_seconds (0.5) must be less than renew_deadline_seconds (0.6)'],
])('periods that contradict each other are refused: %j', async (changes, message) => {
  await using world = await open();
  await expect(world.stand('one', { settings: { ...SETTINGS, ...changes } })).rejects.toThrow(message);
});

it('is not held back by the Lease of a Go engine in the same namespace', async () => {
  await using world = await open([heldBy('10.0.0.1', { leaseDurationSeconds: 3600 })]);
  const { lease_name } = fit(settings, {}).value;
  const one = await world.stand('one', { settings: { ...SETTINGS, lease_name } });
  await one.led();
  expect(world.lease()).toMatchObject({ holderIdentity: '10.0.0.1' });
});

it('sends nothing but its Leases, and deletes its own at the end', async () => {
  await using world = await open([FREE_LEASE]);
  const one = await world.stand('one');
  await one.led();
  expect(world.api.get('leases', 'talon', 'falco-talon-replica-one')?.spec).toMatchObject({ holderIdentity: 'one' });
  await one.close();
  expect(world.api.get('leases', 'talon', 'falco-talon-replica-one')).toBeUndefined();
  const { requests } = world.api;
  expect(new Set(requests.map(({ resource }) => resource))).toEqual(new Set(['leases']));
  expect(requests.filter(({ method }) => method === 'DELETE').map(({ name }) => name)).toEqual([
    'falco-talon-replica-one',
  ]);
});
