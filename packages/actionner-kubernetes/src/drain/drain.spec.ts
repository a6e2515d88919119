import { daemonSet, pod, replicaSet, statefulSet } from '@falco-talon/fake-kubernetes';
import { auditEvent, testActionner } from '@falco-talon/testkit';
import type { Target } from '@falco-talon/core';
import { describe, expect, it } from 'vitest';
import { alertAbout, hanging, writes } from '../../spec/cluster.ts';
import { shopPod, sortedLines, useDrainedNode } from '../../spec/draining.ts';
import { drain } from './drain.ts';

const PODS = '/api/v1/namespaces/shop/pods';
const NODE = '/api/v1/nodes/node-1';
const node1 = useDrainedNode();
const api = () => node1.cluster.api;

testActionner(drain, {
  events: [
    alertAbout('cart-0'),
    auditEvent({ fields: { 'ka.target.resource': 'pods', 'ka.target.name': 'cart-0', 'ka.target.namespace': 'shop' } }),
  ],
  clients: () => ({ kubernetes: node1.cluster.client }),
  prepare() {
    node1.clear();
    node1.create(...replicaSet({ name: 'web', namespace: 'shop', replicas: 3 }));
  },
  snapshot: () => [api().objects('pods'), api().objects('nodes'), writes(api())],
  hang: () => hanging(api()),
});

describe('drain', () => {
  it('cordons, lists, evicts each pod with its uid, and watches once', async () => {
    node1.create(shopPod('cart-1', { uid: 'uid-1' }), pod({ name: 'far', namespace: 'shop', node: 'node-2' }));
    const outcome = await node1.run({ max_wait_period: 60, grace_period_seconds: 7 });
    expect(outcome).toMatchObject({
      status: 'success',
      message: 'node node-1 of pod shop/cart-0: cordoned, evicted 2 pods',
      objects: { pod: 'cart-0', namespace: 'shop', node: 'node-1' },
    });
    expect(sortedLines(outcome.output)).toEqual(['shop/cart-0: evicted', 'shop/cart-1: evicted']);
    const eviction = node1.evictions().find(({ name }) => name === 'cart-1');
    expect(eviction?.body).toMatchObject({
      apiVersion: 'policy/v1',
      deleteOptions: { gracePeriodSeconds: 7, preconditions: { uid: 'uid-1' } },
    });
    expect(
      api()
        .objects('pods')
        .map(({ metadata }) => metadata.name),
    ).toEqual(['far']);
    expect(node1.cluster.calls().toSorted()).toEqual(
      [
        `GET ${PODS}/cart-0`,
        `GET ${NODE}`,
        `PATCH ${NODE}`,
        'GET /api/v1/pods',
        'GET /api/v1/pods',
        `POST ${PODS}/cart-0/eviction`,
        `POST ${PODS}/cart-1/eviction`,
      ].toSorted(),
    );
  });

  it('cordons before it lists: nothing comes after the list', async () => {
    await node1.run({ max_wait_period: 0 });
    const verbs = api().requests.map(({ verb, resource }) => `${verb} ${resource}`);
    expect(verbs).toEqual(['get pods', 'get nodes', 'patch nodes', 'list pods', 'create pods']);
    expect(api().requests[3]?.query['fieldSelector']).toBe('spec.nodeName=node-1');
    expect(api().get('nodes', '', 'node-1')?.spec).toMatchObject({ unschedulable: true });
  });

  it('waits for the pods to be gone unless it is told not to', async () => {
    api().setNodeAnswers('node-1', false);
    const running = node1.run();
    await api().until(() => node1.untouched().length === 0);
    await api().watches.until(1);
    api().setNodeAnswers('node-1', true);
    expect(await running).toMatchObject({ status: 'success', output: 'shop/cart-0: evicted' });
  });

  it('with max_wait_period 0 asks once and waits for nothing', async () => {
    api().setNodeAnswers('node-1', false);
    const outcome = await node1.run({ max_wait_period: 0 });
    expect(outcome).toMatchObject({ status: 'success', output: 'shop/cart-0: evicted, still terminating' });
    expect(outcome.message).toContain('evicted 1 pod, 1 still terminating');
    expect(api().requests.some(({ verb }) => verb === 'watch')).toBe(false);
  });

  it('reads a node with many pods in pages, and evicts few at a time', async () => {
    node1.create(...Array.from({ length: 60 }, (_, n) => shopPod(`pod-${n}`)));
    let most = 0;
    // Looked at when a request has come, the ones before it that are not answered yet included.
    const counts = () => (most = Math.max(most, node1.evictions().filter(({ status }) => status === 0).length)) < 0;
    api().fault({ kind: 'latency', ms: 3, match: { subresource: 'eviction' } });
    api().fault({ kind: 'latency', ms: 0, match: counts });
    const outcome = await node1.run({ max_wait_period: 60 });
    expect(outcome.message).toContain('evicted 61 pods');
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(4);
    expect(node1.evictions()).toHaveLength(61);
  });

  it('says that the node was cordoned already', async () => {
    api().change('nodes', '', 'node-1', (one) => {
      one.spec = {
        ...one.spec,
        unschedulable: true,
        taints: [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }],
      };
    });
    expect((await node1.run()).message).toContain('was cordoned already');
  });

  it('in a dry run tells what it would do', async () => {
    node1.create(...daemonSet({ name: 'agent', namespace: 'shop' }), shopPod('done', { phase: 'Succeeded' }));
    const outcome = await node1.run({}, { dryRun: true });
    expect(outcome.message).toMatch(
      /^would cordon node node-1 of pod shop\/cart-0 and evict 1 of its 3 pods: shop\/cart-0; shop\/agent-\w+: ignored: DaemonSet agent owns it \(ignore_daemonsets\); shop\/done: ignored: it has finished$/,
    );
    expect(writes(api())).toBe(0);
  });

  it('ends with one failure when the pod of the alert is gone', async () => {
    api().remove('pods', 'shop', 'cart-0');
    expect((await node1.run()).error).toMatchObject({ code: 'target_gone', retryable: false });
    expect(writes(api())).toBe(0);
  });
});

describe('pods that stay', () => {
  it('are mirror pods, finished ones, and those of DaemonSets', async () => {
    node1.create(
      shopPod('etcd', { annotations: { 'kubernetes.io/config.mirror': 'x' } }),
      shopPod('done', { phase: 'Succeeded' }),
      shopPod('crashed', { phase: 'Failed' }),
      ...daemonSet({ name: 'agent', namespace: 'shop' }),
    );
    const outcome = await node1.run();
    expect(outcome.message).toContain('evicted 1 pod, 4 ignored');
    expect(node1.untouched()).toHaveLength(4);
    expect(outcome.output).toContain('shop/etcd: ignored: it is a mirror of a static pod');
    expect(outcome.output).toContain('shop/done: ignored: it has finished');
    expect(outcome.output).toContain('DaemonSet agent owns it (ignore_daemonsets)');
  });

  it('are not those of DaemonSets when the rule says so', async () => {
    node1.create(...daemonSet({ name: 'agent', namespace: 'shop' }));
    await node1.run({ ignore_daemonsets: false });
    expect(node1.untouched()).toEqual([]);
  });

  it('are those of StatefulSets when the rule says so', async () => {
    node1.create(...statefulSet({ name: 'db', namespace: 'shop', replicas: 2 }));
    await node1.run({ ignore_statefulsets: true });
    expect(node1.untouched()).toEqual(['db-0', 'db-1']);
    await node1.run({}, { facts: { node: 'node-1' } });
    expect(node1.untouched()).toEqual([]);
  });

  it('are those that are protected, and it is said so', async () => {
    node1.create(shopPod('pay-db-0'), pod({ name: 'cart-db-0', namespace: 'other' }));
    const whyProtected = ({ kind, namespace, name }: Target) =>
      kind === 'pod' && namespace === 'shop' && name === 'pay-db-0' ? 'it is listed' : undefined;
    const preview = await node1.run({}, { whyProtected, dryRun: true });
    expect(preview.message).toContain('shop/pay-db-0: ignored: it is listed');
    const outcome = await node1.run({}, { whyProtected });
    expect(node1.untouched()).toEqual(['pay-db-0']);
    expect(outcome.message).toContain('evicted 2 pods, 1 ignored');
    expect(outcome.output).toContain('shop/pay-db-0: ignored: it is listed');
    expect(outcome.output).toContain('other/cart-db-0: evicted');
    const repeated = await node1.run({}, { whyProtected, facts: { node: 'node-1' } });
    expect(repeated.message).toContain('evicted 0 pods, 1 ignored');
  });

  it('are those that stop already: they are waited for and not evicted again', async () => {
    node1.create(shopPod('old'));
    api().setNodeAnswers('node-1', false);
    api().change('pods', 'shop', 'old', ({ metadata }) => {
      metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
      metadata.deletionGracePeriodSeconds = 30;
    });
    const running = node1.run({ max_wait_period: 60 });
    await api().waitForRequest(({ verb }) => verb === 'watch');
    api().setNodeAnswers('node-1', true);
    for (const name of ['old', 'cart-0']) api().remove('pods', 'shop', name);
    const outcome = await running;
    expect(sortedLines(outcome.output)[1]).toBe('shop/old: gone before it was evicted');
    expect(node1.evictions().map(({ name }) => name)).not.toContain('old');
  });
});
