import { NODES } from '@falco-talon/client-kubernetes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isPutBack, willBeCordoned } from '../cluster/cordoned.ts';
import type { Node, Pod } from '../cluster/resources.ts';
import { until } from '../cluster/until.ts';
import { readNode, registerNode, removeNode } from '../harness/own-node.ts';
import { startPod } from '../harness/pods.ts';
import { respond } from '../harness/respond.ts';
import { useCluster } from '../harness/use-cluster.ts';

const actionner = 'kubernetes:cordon';

describe('kubernetes:cordon', () => {
  const cluster = useCluster('cordon');
  let own: Node;
  let pod: Pod;
  beforeAll(async () => {
    own = await registerNode(cluster);
    pod = await startPod(cluster, { name: 'cart', spec: { nodeName: own.metadata.name } });
  });
  afterAll(() => removeNode(cluster, own));

  it.each(['get pods', 'patch nodes'])('names the right to %s when it is missing', async (without) => {
    const { action } = await respond(cluster, { actionner, pod, without });
    expect(action.status).toBe('failure');
    expect(action.error).toContain(`not allowed to ${without}`);
    expect((await readNode(cluster, own.metadata.name)).spec.unschedulable).toBeUndefined();
  });

  it('says what it would do in a dry run', async () => {
    const { action } = await respond(cluster, { actionner, pod, dryRun: true });
    expect(action).toMatchObject({ status: 'dry_run' });
    expect((await readNode(cluster, own.metadata.name)).spec.unschedulable).toBeUndefined();
  });

  it('cordons the node of the pod, and says when it was already', async () => {
    const { action } = await respond(cluster, { actionner, pod });
    expect(action).toMatchObject({ status: 'success', objects: { node: own.metadata.name, pod: 'cart' } });
    expect((await readNode(cluster, own.metadata.name)).spec.unschedulable).toBe(true);
    const again = await respond(cluster, { actionner, pod });
    expect(again.action.status).toBe('success');
    // The taint of a controller tells an old cordon from a new one.
    if (!cluster.run.cluster.controllers) return;
    await until('a cordon that is told to be there already', async () => {
      const { action: late } = await respond(cluster, { actionner, pod });
      return late.result?.includes('already');
    });
  });

  it('cordons a node where pods run, and the pod runs on', async (test) => {
    if (cluster.run.cluster.node === undefined) test.skip('no node is ready');
    const running = await startPod(cluster, { name: 'running' });
    const name = running.spec.nodeName!;
    await willBeCordoned(cluster.run, name);
    try {
      const { action } = await respond(cluster, { actionner, pod: running });
      expect(action.status).toBe('success');
      expect((await readNode(cluster, name)).spec.unschedulable).toBe(true);
    } finally {
      const body = { spec: { unschedulable: null } };
      await cluster.client.patch(NODES, { name }, { type: 'merge', body }, { signal: cluster.signal });
      await isPutBack(cluster.run, name);
    }
    expect((await readNode(cluster, name)).spec.unschedulable).toBeUndefined();
  });
});
