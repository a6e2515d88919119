import {
  daemonSet,
  job,
  ownerReference,
  pod,
  replicaSet,
  replicationController,
  statefulSet,
  type ObjectInput,
} from '@falco-talon/fake-kubernetes';
import { askSettled, runActionner, testActionner } from '@falco-talon/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { alertAbout, hanging, startCluster, writes, type TestCluster } from '../../spec/cluster.ts';
import { terminate } from './terminate.ts';

const POD = '/api/v1/namespaces/shop/pods/cart-0';
let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startCluster({ terminationDelay: Infinity });
});
afterAll(() => cluster.close());
beforeEach(clear);

function clear(): void {
  cluster.api.clearFaults();
  for (const plural of ['pods', 'replicasets', 'statefulsets', 'daemonsets', 'jobs', 'replicationcontrollers']) {
    for (const { metadata } of cluster.api.objects(plural, 'shop')) cluster.api.remove(plural, 'shop', metadata.name);
  }
  cluster.api.clearRequests();
}
function create(...objects: readonly ObjectInput[]): void {
  cluster.api.create(...objects);
  cluster.api.clearRequests();
}
const standalone = (uid = 'uid-1', more = {}) => pod({ name: 'cart-0', namespace: 'shop', uid, ...more });
const find = (name = 'cart-0') => cluster.api.get('pods', 'shop', name);

function run(name: string, parameters: Record<string, unknown> = {}, fields: Record<string, unknown> = {}, more = {}) {
  return runActionner(terminate, {
    event: alertAbout(name, fields),
    parameters,
    clients: { kubernetes: cluster.client },
    ...more,
  });
}
/** A workload and the names of its pods. */
function workload(objects: readonly ObjectInput[]): readonly string[] {
  create(...objects);
  return objects.filter(({ kind }) => kind === 'Pod').map(({ metadata }) => metadata.name ?? '');
}

testActionner(terminate, {
  events: () => [alertAbout(cluster.api.objects('pods', 'shop')[0]!.metadata.name)],
  clients: () => ({ kubernetes: cluster.client }),
  prepare() {
    clear();
    create(...replicaSet({ name: 'web', namespace: 'shop', replicas: 3 }));
  },
  snapshot: () => [cluster.api.objects('pods', 'shop'), writes(cluster.api)],
  hang: () => hanging(cluster.api),
});

describe('terminate', () => {
  it('deletes the pod the alert means with one call', async () => {
    create(standalone());
    const outcome = await run('cart-0', {}, { 'k8s.pod.uid': 'uid-1' });
    expect(outcome).toMatchObject({
      status: 'success',
      message: 'deleted pod shop/cart-0',
      objects: { pod: 'cart-0', namespace: 'shop' },
      facts: { uid: 'uid-1' },
    });
    const [request] = cluster.api.requests;
    expect(request?.body).toMatchObject({ preconditions: { uid: 'uid-1' } });
    expect(request?.body).not.toHaveProperty('gracePeriodSeconds');
    expect(find()?.metadata.deletionGracePeriodSeconds).toBe(30);
    expect(cluster.calls()).toEqual([`DELETE ${POD}`]);
  });

  it('asks for the uid when the alert does not tell it: two calls', async () => {
    create(standalone());
    expect((await run('cart-0')).facts).toMatchObject({ uid: 'uid-1' });
    expect(cluster.api.requests[1]?.body).toMatchObject({ preconditions: { uid: 'uid-1' } });
    expect(cluster.calls()).toEqual([`GET ${POD}`, `DELETE ${POD}`]);
  });

  it('gives the pod the grace the rule says, zero included', async () => {
    create(standalone());
    await run('cart-0', { grace_period_seconds: 7 }, { 'k8s.pod.uid': 'uid-1' });
    expect(find()?.metadata.deletionGracePeriodSeconds).toBe(7);
    const outcome = await run('cart-0', { grace_period_seconds: 0 });
    expect(outcome.message).toBe('deleted pod shop/cart-0 at once, which was terminating already');
    expect(find()).toBeUndefined();
  });

  it('says that a pod is gone', async () => {
    for (const fields of [{}, { 'k8s.pod.uid': 'uid-1' }]) {
      const outcome = await run('cart-0', {}, fields);
      expect(outcome.error?.code).toBe('target_gone');
      expect(outcome.message).toContain('shop/cart-0');
    }
  });

  it('never kills a pod re-created under the same name, and says so with one call more', async () => {
    create(standalone('uid-2'));
    const outcome = await run('cart-0', {}, { 'k8s.pod.uid': 'uid-1' });
    expect(outcome.error?.code).toBe('target_gone');
    expect(outcome.message).toContain(
      'was re-created under the same name: uid uid-1 is gone, the one there now is uid-2',
    );
    expect(cluster.calls()).toEqual([`DELETE ${POD}`, `GET ${POD}`]);
    const guarded = await run('cart-0', { ignore_daemonsets: true }, { 'k8s.pod.uid': 'uid-1' });
    expect(guarded.error?.code).toBe('target_gone');
    expect(cluster.calls()).toEqual([`GET ${POD}`]);
    expect(find()?.metadata.deletionTimestamp).toBeUndefined();
  });

  it('never kills a pod that took the place between check and deletion', async () => {
    create(standalone('uid-2'));
    const outcome = await run('cart-0', {}, {}, { facts: { uid: 'uid-1' } });
    expect(outcome.error?.code).toBe('target_gone');
    expect(find()?.metadata.deletionTimestamp).toBeUndefined();
  });

  it('leaves the mirror of a static pod alone, whichever uid the alert carries', async () => {
    const annotations = { 'kubernetes.io/config.mirror': 'uid-kubelet', 'kubernetes.io/config.hash': 'uid-kubelet' };
    create(standalone('uid-api', { annotations }));
    for (const fields of [{}, { 'k8s.pod.uid': 'uid-kubelet' }]) {
      const outcome = await run('cart-0', {}, fields);
      expect(outcome.status).toBe('ignored');
      expect(outcome.message).toContain('mirror of a static pod');
    }
    expect(find()?.metadata.deletionTimestamp).toBeUndefined();
    expect((await run('cart-0', {}, { 'k8s.pod.uid': 'uid-kubelet' }, { dryRun: true })).message).toContain(
      'left alone',
    );
  });

  it('in a dry run tells what it would do', async () => {
    create(standalone());
    const outcome = await run('cart-0', { grace_period_seconds: 5 }, { 'k8s.pod.uid': 'uid-1' }, { dryRun: true });
    expect(outcome.message).toBe('would delete pod shop/cart-0 (uid uid-1) with 5 s of grace');
    expect(cluster.calls()).toEqual([`GET ${POD}`]);
    const gone = await run('cart-9', {}, { 'k8s.pod.uid': 'uid-1' }, { dryRun: true });
    expect(gone.error?.code).toBe('target_gone');
  });

  it.each([
    ['ignore_daemonsets', () => daemonSet({ name: 'agent', namespace: 'shop' })],
    ['ignore_statefulsets', () => statefulSet({ name: 'db', namespace: 'shop' })],
    ['ignore_standalone_pods', () => [standalone()]],
  ])('leaves its kind of pod alone with %s', async (parameter, objects) => {
    const [name = ''] = workload(objects());
    const outcome = await run(name, { [parameter]: true });
    expect(outcome.status).toBe('ignored');
    expect(outcome.message).toContain(parameter);
    expect(find(name)?.metadata.deletionTimestamp).toBeUndefined();
    expect((await run(name)).status).toBe('success');
  });
});

describe('min_healthy_replicas', () => {
  it.each([
    ['replicasets', () => replicaSet({ name: 'web', namespace: 'shop', replicas: 3 })],
    ['statefulsets', () => statefulSet({ name: 'web', namespace: 'shop', replicas: 3 })],
    ['jobs', () => job({ name: 'web', namespace: 'shop', replicas: 3 })],
    ['replicationcontrollers', () => replicationController({ name: 'web', namespace: 'shop', replicas: 3 })],
  ])('counts %s with three calls', async (plural, objects) => {
    const [name = ''] = workload(objects());
    expect((await run(name, { min_healthy_replicas: 2 })).status).toBe('success');
    const calls = cluster.calls();
    expect(calls).toHaveLength(3);
    expect(calls[1]).toMatch(new RegExp(`^GET /.*/namespaces/shop/${plural}/web$`));
    expect(calls[2]).toBe(`DELETE /api/v1/namespaces/shop/pods/${name}`);
  });

  it.each([
    [3, 3, 2, 'success'],
    [3, 3, 3, 'ignored'],
    [3, 3, '66%', 'success'],
    [3, 3, '67%', 'ignored'],
    [3, 3, '33%', 'success'],
    [4, 2, '50%', 'ignored'],
    [4, 3, '50%', 'success'],
    [1, 1, 0, 'success'],
    [1, 1, '1', 'ignored'],
    [1, 1, '0%', 'success'],
  ])('of %i wanted and %i ready, with %j, ends in %s %s', async (replicas, ready, minimum, status) => {
    const [name = ''] = workload(replicaSet({ name: 'web', namespace: 'shop', replicas, ready }));
    const outcome = await run(name, { min_healthy_replicas: minimum }, { 'k8s.pod.uid': find(name)?.metadata.uid });
    expect(outcome.status).toBe(status);
    expect(find(name)?.metadata.deletionTimestamp !== undefined).toBe(status === 'success');
  });

  it('does not count a victim that is not healthy itself', async () => {
    const names = workload(replicaSet({ name: 'web', namespace: 'shop', replicas: 3, ready: 2 }));
    const outcome = await run(names[0] ?? '', { min_healthy_replicas: 2 });
    expect(outcome.message).toContain(
      'it would leave 1 healthy of the 3 replicas ReplicaSet web wants, min_healthy_replicas asks for 2',
    );
    expect((await run(names[2] ?? '', { min_healthy_replicas: 2 })).status).toBe('success');
  });

  it('counts a pod on its way out as gone already', async () => {
    const [name = ''] = workload(replicaSet({ name: 'web', namespace: 'shop', replicas: 3, ready: 3 }));
    await run(name);
    cluster.api.change(
      'replicasets',
      'shop',
      'web',
      (owner) => void (owner.status = { replicas: 3, readyReplicas: 2 }),
    );
    expect((await run(name, { min_healthy_replicas: 2, grace_period_seconds: 1 })).status).toBe('success');
  });

  it.each([
    ['a DaemonSet', () => daemonSet({ name: 'agent', namespace: 'shop', replicas: 3 }), 'DaemonSet agent'],
    ['no owner', () => [standalone()], 'no owner'],
    [
      'an owner that is gone',
      () => replicaSet({ name: 'web', namespace: 'shop' }).filter(({ kind }) => kind === 'Pod'),
      'ReplicaSet web',
    ],
    [
      'a kind nobody knows',
      () => {
        const owner = { apiVersion: 'apps.example.com/v1', kind: 'ReplicaSet', metadata: { name: 'web', uid: 'u' } };
        return [standalone('uid-1', { owner: ownerReference(owner) })];
      },
      'ReplicaSet web',
    ],
  ])('leaves a pod of %s alone', async (_, objects, reason) => {
    const [name = ''] = workload(objects());
    const outcome = await run(name, { min_healthy_replicas: 1 });
    expect(outcome.status).toBe('ignored');
    expect(outcome.message).toContain(reason);
    expect(find(name)?.metadata.deletionTimestamp).toBeUndefined();
  });

  it('holds for alerts about several replicas in the same moment', async () => {
    const names = workload(replicaSet({ name: 'web', namespace: 'shop', replicas: 5 }));
    const outcomes = await Promise.all(names.map((name) => run(name, { min_healthy_replicas: 3 })));
    expect(outcomes.filter(({ status }) => status === 'success')).toHaveLength(2);
    const ignored = outcomes.filter(({ status }) => status === 'ignored');
    expect(ignored).toHaveLength(3);
    for (const { message } of ignored) expect(message).toContain('others are being terminated');
    expect(names.filter((name) => find(name)?.metadata.deletionTimestamp === undefined)).toHaveLength(3);
  });

  it('counts no termination that the API server refused', async () => {
    const names = workload(replicaSet({ name: 'web', namespace: 'shop', replicas: 3 }));
    cluster.api.fault({ kind: 'status', status: 403, match: { method: 'DELETE' }, times: 1 });
    expect((await run(names[0] ?? '', { min_healthy_replicas: 2 })).error?.code).toBe('forbidden');
    expect((await run(names[1] ?? '', { min_healthy_replicas: 2 })).status).toBe('success');
  });

  it('refuses values nobody could mean when the rules load', async () => {
    for (const minimum of ['150%', 'two', -1, 1.5, '33 %']) {
      await expect(run('cart-0', { min_healthy_replicas: minimum })).rejects.toThrow('min_healthy_replicas');
    }
    await expect(run('cart-0', { grace_period_seconds: -1 })).rejects.toThrow('at least 0');
  });
});

describe('after a crash or a lost answer', () => {
  const settled = (facts: { uid: string }, parameters = {}) =>
    askSettled(terminate, { event: alertAbout('cart-0'), clients: { kubernetes: cluster.client }, facts, parameters });

  it('the action was done when the pod is gone, replaced or terminating', async () => {
    expect(await settled({ uid: 'uid-1' })).toBe('done');
    create(standalone('uid-2'));
    expect(await settled({ uid: 'uid-1' })).toBe('done');
    await run('cart-0');
    expect(await settled({ uid: 'uid-2' })).toBe('done');
  });

  it('is to be done again when the pod is as it was', async () => {
    create(standalone());
    expect(await settled({ uid: 'uid-1' })).toBe('again');
  });

  it('is to be done again when the pod is given more time than it asked for: somebody else began that', async () => {
    create(standalone());
    await run('cart-0', { grace_period_seconds: 20 });
    expect(await settled({ uid: 'uid-1' })).toBe('done');
    expect(await settled({ uid: 'uid-1' }, { grace_period_seconds: 20 })).toBe('done');
    expect(await settled({ uid: 'uid-1' }, { grace_period_seconds: 5 })).toBe('again');
    await run('cart-0', { grace_period_seconds: 5 });
    expect(await settled({ uid: 'uid-1' }, { grace_period_seconds: 5 })).toBe('done');
  });

  it('nobody knows while the API server does not answer', async () => {
    cluster.api.fault({ kind: 'status', status: 403 });
    await expect(settled({ uid: 'uid-1' })).rejects.toMatchObject({ code: 'forbidden' });
  });
});
