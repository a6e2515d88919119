import { TalonError } from '@falco-talon/core';
import { mayBeInCluster, PODS, SERVICES, type DenyPlan, type KubernetesReads } from '@falco-talon/client-kubernetes';

/**
 * Cilium knows what is in the cluster by what it is, and its rules about address ranges do not apply to it: such a rule
 * would be stored, and do nothing. Two lists, of one object at most, for an address that may be the cluster's. A node is
 * found by what runs in its network: Cilium's own agent does, on each.
 * https://docs.cilium.io/en/stable/security/policy/language/#cidr-based
 * @throws TalonError `unsupported` for the address of a pod, a node or a Service
 */
export async function refuseInCluster(
  { address, own }: Pick<DenyPlan, 'address' | 'own'>,
  reads: Pick<KubernetesReads, 'list'>,
  signal: AbortSignal,
): Promise<void> {
  if (own.node.includes(address)) throw inCluster(address, 'the node the pod runs on');
  if (!mayBeInCluster(address, [...own.pod, ...own.node])) return;
  const [pods, services] = await Promise.all([
    reads.list(PODS, { fieldSelector: `status.podIP=${address}`, signal }),
    reads.list(SERVICES, { fieldSelector: `spec.clusterIP=${address}`, signal }),
  ]);
  const [pod] = pods;
  if (pod !== undefined) {
    const { namespace = '', name } = pod.metadata;
    const node = (pod.spec?.['hostNetwork'] ?? false) === true ? 'a node, that of ' : '';
    throw inCluster(address, `${node}pod ${namespace}/${name}`);
  }
  const [service] = services;
  if (service === undefined) return;
  throw inCluster(address, `Service ${service.metadata.namespace ?? ''}/${service.metadata.name}`);
}

function inCluster(address: string, whose: string): TalonError {
  return new TalonError(
    'unsupported',
    `${address} is in the cluster: it is the address of ${whose}; Cilium's rules about addresses do not apply there, so it cannot be denied`,
  );
}
