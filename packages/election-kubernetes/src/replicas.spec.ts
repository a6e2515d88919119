import { afterEach, expect, it } from 'vitest';
import { replicaLease } from './replica-lease.ts';
import { FREE_LEASE, openWorld, replicaNamed, type World } from './testing-replicas.ts';

let world: World;
afterEach(() => world.close());

const published = (identity: string, edit: (annotations: Record<string, string>) => void = () => {}) => {
  const lease = replicaLease(replicaNamed(identity), { leaseName: 'falco-talon', namespace: 'talon', now: 0 });
  edit(lease.metadata.annotations);
  return lease;
};

it('replicas find each other by name, and nobody else', async () => {
  world = await openWorld([FREE_LEASE]);
  const one = await world.stand('one');
  const two = await world.stand('two');
  expect(await two.replica('one')).toEqual(one.self);
  await expect.poll(() => one.replica('two')).toEqual(two.self);
  expect(await one.replica('three')).toBeUndefined();
  expect(await one.replica('__proto__')).toBeUndefined();
});

it('anybody may ask for names nobody has: the API server is asked about them only now and then', async () => {
  world = await openWorld([FREE_LEASE]);
  const one = await world.stand('one');
  world.api.clearRequests();
  await Promise.all(Array.from({ length: 1000 }, (_, n) => one.replica(`nobody-${n}`)));
  expect(world.api.requests.filter(({ verb }) => verb === 'list').length).toBeLessThanOrEqual(1);
});

it('Leases that tell of no replica are not believed', async () => {
  world = await openWorld([
    FREE_LEASE,
    published('path', (notes) => void (notes['falco-talon.org/address'] = 'http://10.0.0.1:1/admin')),
    published('scheme', (notes) => void (notes['falco-talon.org/address'] = 'file:///etc/passwd')),
    published('key', (notes) => void (notes['falco-talon.org/public-key'] = 'x')),
    published('unpinned', (notes) => void (notes['falco-talon.org/address'] = 'https://10.0.0.1:1')),
    { ...published('name'), spec: { holderIdentity: 'other' } },
    { ...published('empty'), spec: {} },
    published('good'),
  ]);
  const one = await world.stand('one');
  expect(await one.replica('good')).toMatchObject({ address: 'http://good.test:2803' });
  for (const identity of ['path', 'scheme', 'key', 'unpinned', 'name', 'other', 'empty'])
    expect(await one.replica(identity), identity).toBeUndefined();
});

it('a new address or certificate is told to the others', async () => {
  world = await openWorld([FREE_LEASE]);
  const one = await world.stand('one');
  const changed = { ...one.self, address: 'https://10.1.1.1:2803', certificate: 'ab'.repeat(32) };
  one.announce(changed);
  await world.api.until(
    () =>
      world.api.get('leases', 'talon', 'falco-talon-replica-one')?.metadata.annotations?.['falco-talon.org/address'] ===
      changed.address,
  );
  const two = await world.stand('two');
  expect(await two.replica('one')).toEqual(changed);
});
