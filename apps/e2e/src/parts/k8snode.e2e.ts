import { expect, it } from 'vitest';
import { describeWithPods } from '../harness/describe-with-pods.ts';
import { startPod } from '../harness/pods.ts';
import { respond } from '../harness/respond.ts';
import { useCluster } from '../harness/use-cluster.ts';

describeWithPods('the context k8snode', () => {
  const cluster = useCluster('k8snode');
  const order = { actionner: 'kubernetes:label', parameters: { labels: { seen: 'yes' } }, contexts: ['k8snode'] };

  it('knows the node of the pod', async () => {
    const pod = await startPod(cluster, { name: 'cart' });
    expect((await respond(cluster, { ...order, pod })).action.status).toBe('success');
  });

  it('fails the action when the node may not be read', async () => {
    const pod = await startPod(cluster, { name: 'kept' });
    const { action } = await respond(cluster, { ...order, pod, without: 'get nodes' });
    expect(action.status).toBe('failure');
    expect(action.error).toMatch(/not allowed to get nodes/);
  });
});
