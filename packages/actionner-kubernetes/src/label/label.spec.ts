import { node, pod } from '@falco-talon/fake-kubernetes';
import { auditEvent, runActionner, testActionner } from '@falco-talon/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { alertAbout, hanging, startCluster, writes, type TestCluster } from '../../spec/cluster.ts';
import { label } from './label.ts';

const POD = '/api/v1/namespaces/shop/pods/cart-0';
let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startCluster({ objects: [node({ name: 'node-1' })] });
});
afterAll(() => cluster.close());
beforeEach(() => {
  cluster.api.clearFaults();
  for (const { metadata } of cluster.api.objects('pods', 'shop')) cluster.api.remove('pods', 'shop', metadata.name);
  cluster.api.create(pod({ name: 'cart-0', namespace: 'shop', uid: 'uid-1', labels: { app: 'cart' } }));
  cluster.api.clearRequests();
});

function run(parameters: Record<string, unknown>, fields: Record<string, unknown> = {}, more = {}) {
  return runActionner(label, {
    event: alertAbout('cart-0', fields),
    parameters,
    clients: { kubernetes: cluster.client },
    ...more,
  });
}
const labels = (name = 'cart-0') => cluster.api.get('pods', 'shop', name)?.metadata.labels;

testActionner(label, {
  events: () => [alertAbout('cart-0', { 'k8s.pod.uid': 'uid-1' }), auditEvent({ fields: auditFields })],
  clients: () => ({ kubernetes: cluster.client }),
  snapshot: () => [labels(), cluster.api.get('nodes', '', 'node-1')?.metadata.labels, writes(cluster.api)],
  hang: () => hanging(cluster.api),
  prepare: () => cluster.api.clearRequests(),
});
const auditFields = { 'ka.target.resource': 'pods', 'ka.target.name': 'cart-0', 'ka.target.namespace': 'shop' };

describe('label', () => {
  it('sets and removes labels with one call', async () => {
    const outcome = await run({
      labels: { app: '', 'analysis/status': 'suspicious', count: 5, seen: true, absent: '' },
    });
    expect(outcome.message).toBe(
      'labelled pod shop/cart-0: app removed, analysis/status=suspicious, count=5, seen=true, absent removed',
    );
    expect(outcome.status).toBe('success');
    expect(outcome.objects).toEqual({ pod: 'cart-0', namespace: 'shop' });
    expect(labels()).toEqual({ 'analysis/status': 'suspicious', count: '5', seen: 'true' });
    expect(cluster.calls()).toEqual([`PATCH ${POD}`]);
  });

  it('works on a pod without any label, and keeps a label called pod', async () => {
    cluster.api.change('pods', 'shop', 'cart-0', (object) => void delete object.metadata.labels);
    await run({ labels: { pod: 'mine' } });
    expect(labels()).toEqual({ pod: 'mine' });
  });

  it('succeeds when all that is to be removed is not there', async () => {
    expect((await run({ labels: { absent: '' } })).status).toBe('success');
    expect(labels()).toEqual({ app: 'cart' });
  });

  it('takes values as written: no tokens', async () => {
    await expect(run({ labels: { name: '${PROC_NAME}' } })).rejects.toThrow(
      'values of the event are not filled in here',
    );
  });

  it('labels the node of the pod with two calls', async () => {
    const outcome = await run({ labels: { suspicious: 'true' }, level: 'node' });
    expect(outcome.objects).toEqual({ pod: 'cart-0', namespace: 'shop', node: 'node-1' });
    expect(cluster.api.get('nodes', '', 'node-1')?.metadata.labels).toMatchObject({ suspicious: 'true' });
    expect(labels()).toEqual({ app: 'cart' });
    expect(cluster.calls()).toEqual([`GET ${POD}`, 'PATCH /api/v1/nodes/node-1']);
  });

  it('fails for a pod on no node', async () => {
    cluster.api.create(pod({ name: 'cart-1', namespace: 'shop', node: '' }));
    const outcome = await run({ labels: { a: 'b' }, level: 'node' }, { 'k8s.pod.name': 'cart-1' });
    expect(outcome.error?.code).toBe('target_gone');
    expect(outcome.message).toBe('pod shop/cart-1 runs on no node');
  });

  it('says which pod is gone', async () => {
    const outcome = await run({ labels: { a: 'b' } }, { 'k8s.pod.name': 'cart-9' });
    expect(outcome.error?.code).toBe('target_gone');
    expect(outcome.message).toContain('shop/cart-9');
  });

  it('leaves a pod alone that was re-created under the same name', async () => {
    for (const level of ['pod', 'node']) {
      const outcome = await run({ labels: { a: 'b' }, level }, { 'k8s.pod.uid': 'uid-0' });
      expect(outcome.error?.code).toBe('target_gone');
      expect(outcome.message).toBe(
        'pod shop/cart-0 was re-created under the same name: uid uid-0 is gone, the one there now is uid-1',
      );
    }
    expect(labels()).toEqual({ app: 'cart' });
    expect(cluster.api.get('nodes', '', 'node-1')?.metadata.labels).not.toHaveProperty('a');
  });

  it('fails with the conflict when the pod is still the one the alert means', async () => {
    cluster.api.fault({ kind: 'status', status: 409, reason: 'Conflict', match: { method: 'PATCH' } });
    const outcome = await run({ labels: { a: 'b' } }, { 'k8s.pod.uid': 'uid-1' });
    expect(outcome.error).toMatchObject({ code: 'conflict', retryable: true });
    expect(cluster.calls()).toEqual([`PATCH ${POD}`, `GET ${POD}`]);
  });

  it('knows the mirror of a static pod by the uid of the kubelet', async () => {
    cluster.api.create(
      pod({
        name: 'etcd',
        namespace: 'shop',
        uid: 'uid-api',
        annotations: { 'kubernetes.io/config.hash': 'uid-kubelet' },
      }),
    );
    const outcome = await run({ labels: { a: 'b' } }, { 'k8s.pod.name': 'etcd', 'k8s.pod.uid': 'uid-kubelet' });
    expect(outcome.status).toBe('success');
    expect(labels('etcd')).toEqual({ a: 'b' });
  });

  it('in a dry run tells what it would do, and fails when the pod is gone', async () => {
    const outcome = await run({ labels: { a: 'b' } }, {}, { dryRun: true });
    expect(outcome.message).toBe('would label pod shop/cart-0: a=b');
    expect(cluster.calls()).toEqual([`GET ${POD}`]);
    const gone = await run({ labels: { a: 'b' } }, { 'k8s.pod.name': 'cart-9' }, { dryRun: true });
    expect(gone.error?.code).toBe('target_gone');
  });

  it('takes the pod of an audit alert only when the alert is about pods', async () => {
    const about = (resource: string) =>
      run(
        { labels: { a: 'b' } },
        {},
        {
          event: auditEvent({ fields: { ...auditFields, 'ka.target.resource': resource } }),
        },
      );
    expect((await about('configmaps')).error?.code).toBe('missing_field');
    expect((await about('pods')).status).toBe('success');
  });

  it('refuses labels the API would refuse when the rules load', async () => {
    await expect(run({ labels: { 'bad key': 'x' } })).rejects.toThrow("cannot be a label's key");
    await expect(run({ labels: {} })).rejects.toThrow('at least 1 entry');
    await expect(run({ labels: { a: null } })).rejects.toThrow('write "" for an empty text');
    expect(cluster.calls()).toEqual([]);
  });
});
