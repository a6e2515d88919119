import { expect, it } from 'vitest';
import { describeWithPods } from '../harness/describe-with-pods.ts';
import { readNode } from '../harness/own-node.ts';
import { startPod } from '../harness/pods.ts';
import { respond } from '../harness/respond.ts';
import { useCluster } from '../harness/use-cluster.ts';

describeWithPods('the context k8snode', () => {
  const cluster = useCluster('k8snode');

  it('tells an action about the node of the pod', async () => {
    const pod = await startPod(cluster, { name: 'cart' });
    const { metadata } = await readNode(cluster, pod.spec.nodeName!);
    const { action } = await respond(cluster, {
      actionner: 'kubernetes:exec',
      parameters: { command: 'echo "$NODE_HOSTNAME"' },
      contexts: ['k8snode'],
      pod,
    });
    expect(action).toMatchObject({ status: 'success', output: `${metadata.labels?.['kubernetes.io/hostname']}\n` });
  });

  it('fails the action when the node may not be read', async () => {
    const pod = await startPod(cluster, { name: 'kept' });
    const { action } = await respond(cluster, {
      actionner: 'kubernetes:label',
      parameters: { labels: { seen: 'yes' } },
      contexts: ['k8snode'],
      pod,
      without: 'get nodes',
    });
    expect(action.status).toBe('failure');
    expect(action.error).toMatch(/not allowed to get nodes/);
  });
});
