import { DAEMON_SETS, NODES, PODS } from '@falco-talon/client-kubernetes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isPutBack, willBeCordoned } from '../cluster/cordoned.ts';
import { BUDGETS, type Node, type Pod } from '../cluster/resources.ts';
import { until } from '../cluster/until.ts';
import { readNode, registerNode, removeNode } from '../harness/own-node.ts';
import { findPod, podGone, podSpec, startPod } from '../harness/pods.ts';
import { respond } from '../harness/respond.ts';
import { useCluster, type TestCluster } from '../harness/use-cluster.ts';
import { RUN_LABEL } from '../run.ts';

const actionner = 'kubernetes:drain';

/** Evicts only pods of its own: those on a node that no other pod can get to. */
describe('kubernetes:drain', () => {
  const cluster = useCluster('drain');
  let own: Node;
  beforeAll(async () => {
    own = await registerNode(cluster);
  });
  afterAll(() => removeNode(cluster, own));

  const onOwnNode = (name: string) => startPod(cluster, { name, spec: { nodeName: own.metadata.name } });
  const still = (pod: Pod) => findPod(cluster, { namespace: cluster.namespace, name: pod.metadata.name });

  it.each(['get pods', 'list pods', 'get nodes', 'patch nodes', 'create pods/eviction'])(
    'names the right to %s when it is missing',
    async (without) => {
      const pod = await onOwnNode(without.replace(/\W/g, '-'));
      const { action } = await respond(cluster, { actionner, pod, without });
      expect(action.status).toBe('failure');
      expect(action.error).toContain(`not allowed to ${without}`);
      expect((await still(pod))?.metadata.deletionTimestamp).toBeUndefined();
    },
  );

  it('says what it would do in a dry run', async () => {
    const pod = await onOwnNode('dry');
    const { action } = await respond(cluster, { actionner, pod, dryRun: true });
    expect(action).toMatchObject({ status: 'dry_run' });
    expect((await still(pod))?.metadata.deletionTimestamp).toBeUndefined();
  });

  it('cordons the node and evicts what is on it, and nothing else', async () => {
    const [cart, beside] = [await onOwnNode('cart'), await onOwnNode('beside')];
    const elsewhere = await startPod(cluster, { name: 'elsewhere' });
    const daemon = cluster.run.cluster.controllers ? await startDaemon(cluster, own) : undefined;
    const parameters = { max_wait_period: 30 };
    const { action } = await respond(cluster, { actionner, pod: cart, parameters });
    expect(action).toMatchObject({ status: 'success', objects: { node: own.metadata.name } });
    expect((await readNode(cluster, own.metadata.name)).spec.unschedulable).toBe(true);
    await podGone(cluster, cart);
    await podGone(cluster, beside);
    for (const { metadata } of [cart, beside]) expect(action.output).toContain(metadata.name);
    expect((await still(elsewhere))?.metadata).toMatchObject({ uid: elsewhere.metadata.uid });
    expect((await still(elsewhere))?.metadata.deletionTimestamp).toBeUndefined();
    if (daemon === undefined) return;
    expect((await still(daemon))?.metadata.deletionTimestamp).toBeUndefined();
    expect(action.output).toContain(daemon.metadata.name);
  });

  it('reports what is still there after the wait, or may not be watched', async () => {
    // Nobody ends it: it has a grace period, and no kubelet.
    const spec = { nodeName: own.metadata.name, terminationGracePeriodSeconds: 600 };
    const pod = await startPod(cluster, { name: 'slow', spec });
    const order = { actionner, pod, parameters: { max_wait_period: 3 } };
    try {
      const unseen = await respond(cluster, { ...order, without: 'watch pods' });
      expect(unseen.action.status).toBe('failure');
      expect(unseen.action.error).toMatch(/not allowed to watch pods/);
      const { action } = await respond(cluster, order);
      expect(action.status).toBe('failure');
      expect(action.error).toMatch(/slow.*terminating|terminating.*slow/);
    } finally {
      const at = { namespace: cluster.namespace, name: 'slow' };
      await cluster.client.delete(PODS, at, { gracePeriodSeconds: 0, signal: cluster.signal });
    }
  });

  it('drains a node where pods run', async (test) => {
    const { node, drain } = cluster.run.cluster;
    if (node === undefined || !drain) test.skip('E2E_DRAIN is not 1, or no node is ready');
    const pod = await startPod(cluster, { name: 'running' });
    const name = pod.spec.nodeName!;
    const guarded = await startGuarded(cluster);
    await willBeCordoned(cluster.run, name);
    try {
      const parameters = { max_wait_period: 10, ignore_errors: true };
      const { action } = await respond(cluster, { actionner, pod, parameters });
      expect(action.status).toBe('success');
      await podGone(cluster, pod);
      // On another node it was not in the way.
      if (guarded.spec.nodeName !== name) return;
      expect((await still(guarded))?.metadata.deletionTimestamp).toBeUndefined();
      expect(action.output).toMatch(/guarded: .*keep/);
    } finally {
      const body = { spec: { unschedulable: null } };
      await cluster.client.patch(NODES, { name }, { type: 'merge', body }, { signal: cluster.signal });
      await isPutBack(cluster.run, name);
    }
  });
});

/** A pod that a budget keeps. */
async function startGuarded(cluster: TestCluster): Promise<Pod> {
  const { client, namespace } = cluster;
  const labels = { app: 'guarded' };
  const pod = await startPod(cluster, { name: 'guarded', labels });
  const spec = { minAvailable: 1, selector: { matchLabels: labels } };
  await client.create(BUDGETS, { metadata: { name: 'keep' }, spec }, { namespace, signal: cluster.signal });
  await until('the budget has been counted', async () => {
    const { status } = await client.get(BUDGETS, { namespace, name: 'keep' }, { signal: cluster.signal });
    return status?.['currentHealthy'] === 1;
  });
  return pod;
}

/** A pod of a DaemonSet on our node; evicting it would only bring it back. */
async function startDaemon(cluster: TestCluster, node: Node): Promise<Pod> {
  const { client, namespace, run } = cluster;
  const labels = { app: 'agent' };
  const spec = {
    ...podSpec(cluster, {}),
    nodeSelector: { [RUN_LABEL]: run.id },
    tolerations: [{ operator: 'Exists' }],
  };
  const object = {
    metadata: { name: 'agent' },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  };
  await client.create(DAEMON_SETS, object, { namespace, signal: cluster.signal });
  return await until('the pod of the DaemonSet', async () => {
    const pods = await client.list<Pod>(PODS, { namespace, labelSelector: 'app=agent', signal: cluster.signal });
    return pods.find(({ spec: { nodeName } }) => nodeName === node.metadata.name);
  });
}
