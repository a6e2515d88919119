import { MANAGED_BY, normalRanges, type KubernetesObject, type LabelSelector } from '@falco-talon/client-kubernetes';

export interface NetworkPolicy extends KubernetesObject {
  readonly spec?: Readonly<Record<string, unknown>> & {
    readonly podSelector?: LabelSelector;
    readonly policyTypes?: readonly string[];
    readonly egress?: readonly unknown[];
  };
}

export interface Allowed {
  readonly allow_cidr: readonly string[];
  readonly allow_namespaces: readonly string[];
}

/** A policy that cuts all egress of the selected pods but what is allowed. Ingress is left as it is. */
export function egressPolicy(
  name: string,
  namespace: string,
  podSelector: LabelSelector,
  allowed: Allowed,
  annotations: Readonly<Record<string, string>>,
) {
  const to = [
    ...normalRanges(allowed.allow_cidr).map((cidr) => ({ ipBlock: { cidr } })),
    ...[...new Set(allowed.allow_namespaces)].map((allowedNamespace) => ({
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': allowedNamespace } },
    })),
  ];
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace, labels: MANAGED_BY, annotations },
    // The empty list is written out: leaving the field away would leave in place what somebody else wrote there.
    spec: { podSelector, policyTypes: ['Egress'], egress: to.length === 0 ? [] : [{ to }] },
  };
}
