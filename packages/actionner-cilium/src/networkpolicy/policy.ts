import { normalRanges, type KubernetesObject, type LabelSelector } from '@falco-talon/client-kubernetes';
import type { Parameters } from './parameters.ts';

interface DenyRule {
  readonly toCIDR?: readonly string[];
  readonly toCIDRSet?: readonly { readonly cidr?: string }[];
}

export interface CiliumPolicy extends KubernetesObject {
  readonly spec?: Readonly<Record<string, unknown>> & { readonly egressDeny?: readonly DenyRule[] };
}

/** Everything in the cluster, its nodes and what runs in their network included. */
const CLUSTER = { toEntities: ['cluster'] };
/** Where the pods behind the DNS Service listen; 5353: OpenShift's. Policies see the pod's port, not the Service's. */
const DNS_PORTS = ['53', '5353'];
const NAMESPACE = 'k8s:io.kubernetes.pod.namespace';

/** Ranges the policy denies, as they stand there. */
export function deniedRanges({ spec }: CiliumPolicy): readonly string[] {
  const rules: readonly DenyRule[] = Array.isArray(spec?.egressDeny) ? spec.egressDeny : [];
  return rules.flatMap(({ toCIDR, toCIDRSet }) => {
    const sets: readonly { readonly cidr?: string }[] = Array.isArray(toCIDRSet) ? toCIDRSet : [];
    return [...texts(toCIDR), ...texts(sets.map(({ cidr }) => cidr))];
  });
}

/**
 * Egress of the selected pods. A denied range wins over everything allowed, here and in other policies. A policy that
 * selects a pod makes Cilium deny what none allows, so what is to keep working is written out.
 */
export function policySpec(selector: LabelSelector, denied: readonly string[], allowed: Parameters) {
  const ranges = normalRanges(allowed.allow_cidr);
  const namespaces = [...new Set(allowed.allow_namespaces)];
  const toPorts = [{ ports: DNS_PORTS.map((port) => ({ port, protocol: 'ANY' })) }];
  return {
    endpointSelector: selector,
    egressDeny: [{ toCIDR: denied }],
    egress: [
      ...(ranges.length === 0 ? [] : [{ toCIDR: ranges }]),
      namespaces.length === 0
        ? CLUSTER
        : { toEndpoints: namespaces.map((name) => ({ matchLabels: { [NAMESPACE]: name } })) },
      { ...CLUSTER, toPorts },
    ],
  };
}

function texts(values: unknown): readonly string[] {
  return Array.isArray(values) ? values.filter((value) => typeof value === 'string') : [];
}
