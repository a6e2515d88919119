import { PODS, REPLICA_SETS, type ObjectName } from '@falco-talon/client-kubernetes';
import { describe, expect, it } from 'vitest';
import type { Pod } from '../cluster/resources.ts';
import { until } from '../cluster/until.ts';
import { findPod, podGone, podSpec, readyPod, startPod } from '../harness/pods.ts';
import { respond } from '../harness/respond.ts';
import { useCluster, type TestCluster } from '../harness/use-cluster.ts';

const actionner = 'kubernetes:terminate';

describe('kubernetes:terminate', () => {
  const cluster = useCluster('terminate');
  const at = (name: string): Required<ObjectName> => ({ namespace: cluster.namespace, name });

  it('ends the pod of the alert', async () => {
    const pod = await startPod(cluster, { name: 'cart' });
    const { action } = await respond(cluster, { actionner, pod });
    expect(action).toMatchObject({ status: 'success', objects: { pod: 'cart', namespace: cluster.namespace } });
    await podGone(cluster, pod);
  });

  it('ends it without being told the uid', async () => {
    const pod = await startPod(cluster, { name: 'plain' });
    const { action } = await respond(cluster, { actionner, pod, fields: { 'k8s.pod.uid': undefined } });
    expect(action.status).toBe('success');
    await podGone(cluster, pod);
  });

  it('leaves a pod alone that was re-created under the name', async () => {
    const pod = await startPod(cluster, { name: 'again' });
    const { action } = await respond(cluster, {
      actionner,
      pod,
      fields: { 'k8s.pod.uid': '00000000-0000-0000-0000-000000000000' },
    });
    expect(action.status).toBe('failure');
    expect((await findPod(cluster, at('again')))?.metadata).toMatchObject({ uid: pod.metadata.uid });
  });

  it('ignores what its guards name', async () => {
    const pod = await startPod(cluster, { name: 'alone' });
    const { action } = await respond(cluster, { actionner, parameters: { ignore_standalone_pods: true }, pod });
    expect(action.status).toBe('ignored');
    expect((await findPod(cluster, at('alone')))?.metadata.deletionTimestamp).toBeUndefined();
  });

  it('keeps enough replicas healthy, and ends one when there are enough', async (test) => {
    if (cluster.run.cluster.node === undefined) test.skip('no node is ready');
    const [pod] = await startReplicas(cluster, 'web', 2);
    const kept = await respond(cluster, { actionner, parameters: { min_healthy_replicas: 2 }, pod: pod! });
    expect(kept.action.status).toBe('ignored');
    expect(await findPod(cluster, at(pod!.metadata.name))).toMatchObject({ metadata: { uid: pod!.metadata.uid } });
    const blind = await respond(cluster, {
      actionner,
      parameters: { min_healthy_replicas: 1 },
      pod: pod!,
      without: 'get replicasets',
    });
    expect(blind.action.status).toBe('failure');
    expect(blind.action.error).toMatch(/not allowed to get replicasets/);
    const ended = await respond(cluster, { actionner, parameters: { min_healthy_replicas: '50%' }, pod: pod! });
    expect(ended.action.status).toBe('success');
    await podGone(cluster, pod!);
  });

  it('names the right that is missing', async () => {
    const pod = await startPod(cluster, { name: 'kept' });
    const { action } = await respond(cluster, { actionner, pod, without: 'delete pods' });
    expect(action.status).toBe('failure');
    expect(action.error).toMatch(/not allowed to delete pods/);
    expect((await findPod(cluster, at('kept')))?.metadata.deletionTimestamp).toBeUndefined();
  });
});

/** A ReplicaSet whose pods are all ready. */
async function startReplicas(cluster: TestCluster, name: string, replicas: number): Promise<readonly Pod[]> {
  const { client, namespace, signal } = cluster;
  const labels = { app: name };
  const object = {
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: podSpec(cluster, {}) },
    },
  };
  await client.create(REPLICA_SETS, object, { namespace, signal });
  const pods = await until('the replicas are made', async () => {
    const found = await client.list<Pod>(PODS, { namespace, labelSelector: `app=${name}`, signal: cluster.signal });
    return found.length === replicas && found;
  });
  const ready = await Promise.all(pods.map(({ metadata }) => readyPod(cluster, { namespace, name: metadata.name })));
  await until('the ReplicaSet has counted them', async () => {
    const { status } = await client.get(REPLICA_SETS, { namespace, name }, { signal: cluster.signal });
    return status?.['readyReplicas'] === replicas;
  });
  return ready;
}
