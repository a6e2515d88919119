import { NODES } from '@falco-talon/client-kubernetes';
import type { Node } from '../cluster/resources.ts';
import { RUN_LABEL } from '../run.ts';
import type { TestCluster } from './use-cluster.ts';

/**
 * A node that is only ours: an object without a machine, which nothing is scheduled to. Pods get there by `nodeName`, never
 * run, and are gone as soon as they are deleted with no grace. Removed by the clean-up if a test does not.
 */
export async function registerNode({ client, namespace, run, signal }: TestCluster): Promise<Node> {
  const room = { cpu: '4', memory: '4Gi', pods: '20' };
  const object = {
    metadata: { name: namespace, labels: { [RUN_LABEL]: run.id, 'kubernetes.io/os': 'linux' } },
    spec: { taints: [{ key: RUN_LABEL, value: run.id, effect: 'NoSchedule' }] },
    // As a kubelet registers its node: with room, or not even a DaemonSet's pod would get there.
    status: {
      allocatable: room,
      capacity: room,
      conditions: [{ type: 'Ready', status: 'True', reason: 'E2E', message: 'an object without a machine' }],
    },
  };
  return await client.create<Node>(NODES, object, { signal });
}

export async function removeNode({ client, signal }: TestCluster, { metadata }: Node): Promise<void> {
  await client.delete(NODES, { name: metadata.name }, { signal });
}

/** The node as it is now. */
export async function readNode({ client, signal }: TestCluster, name: string): Promise<Node> {
  return await client.get<Node>(NODES, { name }, { signal });
}
