import { JOBS, PODS } from '@falco-talon/client-kubernetes';
import { beforeAll, expect, it } from 'vitest';
import type { Pod } from '../cluster/resources.ts';
import { until } from '../cluster/until.ts';
import { describeWithPods } from '../harness/describe-with-pods.ts';
import { startPod } from '../harness/pods.ts';
import { respond } from '../harness/respond.ts';
import { useCluster } from '../harness/use-cluster.ts';

const actionner = 'kubernetes:sysdig';

/** Not what it captures, which takes a node whose kernel it knows: what it makes for that, and takes away. */
describeWithPods('kubernetes:sysdig', () => {
  const cluster = useCluster('sysdig');
  let pod: Pod;
  let own: string;
  beforeAll(async () => {
    pod = await startPod(cluster, { name: 'cart' });
    own = await cluster.addNamespace('own');
  });
  const left = async (namespace: string) => {
    const jobs = await cluster.client.list(JOBS, { namespace, signal: cluster.signal });
    const pods = await cluster.client.list(PODS, { namespace, signal: cluster.signal });
    return [...jobs, ...pods].filter(({ metadata }) => metadata.name !== 'cart');
  };
  const parameters = () => ({ duration: 2, image: cluster.run.images.shell });

  it('takes its Job and the pod of it away when the image has no sysdig', async () => {
    const order = { actionner, pod, parameters: parameters(), keep: true, ownNamespace: own };
    const { action } = await respond(cluster, order);
    expect(action.status).toBe('failure');
    expect(action.error).toMatch(/sysdig/);
    await until('Job and pod are gone', async () => (await left(own)).length === 0);
  });

  it('says that Pod Security refuses its pod, and leaves no Job', async () => {
    const namespace = await cluster.addNamespace('baseline', { 'pod-security.kubernetes.io/enforce': 'baseline' });
    const order = { actionner, pod, parameters: parameters(), keep: true, ownNamespace: namespace };
    const { action } = await respond(cluster, order);
    expect(action.status).toBe('failure');
    expect(action.error).toMatch(/Pod Security/);
    await until('the Job is gone', async () => (await left(namespace)).length === 0);
  });

  it.each(['create jobs', 'watch pods', 'get pods'])('names the right to %s when it is missing', async (without) => {
    const order = { actionner, pod, parameters: parameters(), keep: true, ownNamespace: own, without };
    const { action } = await respond(cluster, order);
    expect(action.status).toBe('failure');
    expect(action.error).toContain(`not allowed to ${without}`);
    await until('Job and pod are gone', async () => (await left(own)).length === 0);
  });
});
