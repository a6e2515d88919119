import { node, pod } from '@falco-talon/fake-kubernetes';
import { NODES } from '@falco-talon/client-kubernetes';
import { askSettled, auditEvent, runActionner, testActionner } from '@falco-talon/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { alertAbout, hanging, startCluster, writes, type TestCluster } from '../../spec/cluster.ts';
import { cordon } from './cordon.ts';

const CALLS = ['GET /api/v1/namespaces/shop/pods/cart-0', 'PATCH /api/v1/nodes/node-1'];
const TAINT = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };
let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startCluster({ objects: [pod({ name: 'cart-0', namespace: 'shop', uid: 'uid-1' })] });
});
afterAll(() => cluster.close());
beforeEach(fresh);

function fresh(): void {
  cluster.api.clearFaults();
  cluster.api.remove('nodes', '', 'node-1');
  cluster.api.create(node({ name: 'node-1' }));
  cluster.api.clearRequests();
}
function run(fields: Record<string, unknown> = {}, more = {}) {
  return runActionner(cordon, {
    event: alertAbout('cart-0', fields),
    clients: { kubernetes: cluster.client },
    ...more,
  });
}
function patchNode(body: object, fieldManager: string) {
  const { signal } = new AbortController();
  return cluster.client.patch(NODES, { name: 'node-1' }, { type: 'merge', body }, { signal, fieldManager });
}
const spec = () => cluster.api.get('nodes', '', 'node-1')?.spec;
const auditFields = { 'ka.target.resource': 'pods', 'ka.target.name': 'cart-0', 'ka.target.namespace': 'shop' };

testActionner(cordon, {
  events: [alertAbout('cart-0', { 'k8s.pod.uid': 'uid-1' }), auditEvent({ fields: auditFields })],
  clients: () => ({ kubernetes: cluster.client }),
  snapshot: () => [spec(), writes(cluster.api)],
  hang: () => hanging(cluster.api),
  prepare: fresh,
});

describe('cordon', () => {
  it('makes the node of the pod unschedulable with two calls', async () => {
    cluster.api.change(
      'nodes',
      '',
      'node-1',
      (object) => void (object.spec = { ...object.spec, taints: [{ key: 'a', effect: 'NoSchedule' }] }),
    );
    const outcome = await run();
    expect(outcome).toMatchObject({
      status: 'success',
      message: 'cordoned node node-1 of pod shop/cart-0',
      objects: { pod: 'cart-0', namespace: 'shop', node: 'node-1' },
      target: { kind: 'pod', namespace: 'shop', name: 'cart-0' },
    });
    expect(spec()).toMatchObject({ unschedulable: true, taints: [{ key: 'a', effect: 'NoSchedule' }] });
    expect(cluster.calls()).toEqual(CALLS);
  });

  it('succeeds on a node somebody else cordoned, and says so', async () => {
    await patchNode({ metadata: { labels: { seen: 'true' } } }, 'falco-talon');
    await patchNode({ spec: { unschedulable: true } }, 'kubectl-cordon');
    cluster.api.clearRequests();
    const outcome = await run();
    expect(outcome).toMatchObject({
      status: 'success',
      message: 'node node-1 of pod shop/cart-0 was cordoned already',
    });
    expect(cluster.calls()).toEqual(CALLS);
  });

  it('succeeds on a node it cordoned itself, and says so once the controller has seen that', async () => {
    await run();
    cluster.api.change('nodes', '', 'node-1', (object) => void (object.spec = { ...object.spec, taints: [TAINT] }));
    expect((await run()).message).toBe('node node-1 of pod shop/cart-0 was cordoned already');
    expect(spec()).toMatchObject({ unschedulable: true });
  });

  it('cordons a node again that was released', async () => {
    await run();
    await patchNode({ spec: { unschedulable: null } }, 'kubectl-uncordon');
    expect((await run()).message).toBe('cordoned node node-1 of pod shop/cart-0');
  });

  it('fails when the pod is gone, replaced or on no node, or the node is gone', async () => {
    cluster.api.create(pod({ name: 'waiting', namespace: 'shop', node: '' }));
    for (const fields of [{ 'k8s.pod.name': 'cart-9' }, { 'k8s.pod.uid': 'uid-0' }, { 'k8s.pod.name': 'waiting' }]) {
      expect((await run(fields)).error).toMatchObject({ code: 'target_gone', retryable: false });
    }
    expect(spec()).not.toHaveProperty('unschedulable');
    cluster.api.remove('nodes', '', 'node-1');
    const outcome = await run();
    expect(outcome.error?.code).toBe('target_gone');
    expect(outcome.message).toContain('nodes node-1');
  });

  it('takes no node from the alert', async () => {
    cluster.api.create(node({ name: 'other' }));
    await run({ 'evt.hostname': 'other', 'k8s.node.name': 'other' });
    expect(cluster.api.get('nodes', '', 'other')?.spec).not.toHaveProperty('unschedulable');
  });

  it('in a dry run tells what it would do', async () => {
    const outcome = await run({}, { dryRun: true });
    expect(outcome.message).toBe('would cordon node node-1 of pod shop/cart-0');
    expect(cluster.calls()).toEqual([CALLS[0]]);
  });

  it('after a crash goes on with the node that was found, wherever the pod is by then', async () => {
    const settled = () =>
      askSettled(cordon, {
        event: alertAbout('cart-0'),
        clients: { kubernetes: cluster.client },
        facts: { node: 'node-1' },
      });
    expect(await settled()).toBe('again');
    await run({}, { facts: { node: 'node-1' } });
    expect(await settled()).toBe('done');
    cluster.api.remove('nodes', '', 'node-1');
    expect(await settled()).toBe('done');
  });
});
