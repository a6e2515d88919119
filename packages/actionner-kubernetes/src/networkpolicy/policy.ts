import { createHash } from 'node:crypto';
import { TalonError } from '@falco-talon/core';
import type { KubernetesObject } from '@falco-talon/client-kubernetes';
import { MANAGED_BY } from '../marks.ts';
import { normalCidr } from './cidr.ts';
import type { LabelSelector } from './selector.ts';

/** On the pod a policy of `scope: pod` selects, and in that policy's selector. */
export const POD_LABEL = 'falco-talon.org/networkpolicy';

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

/** RFC 1123 subdomain: what pods, their owners and policies may be called. */
const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/**
 * The same for the same pod or workload, so that a second alert finds the first one's policy. Nobody else's begin so.
 * @throws TalonError `invalid_value` when nothing in Kubernetes can have that name: it comes from an alert
 */
export function policyName(kind: string, name: string): string {
  if (name.length > 253 || !NAME.test(name)) {
    throw new TalonError('invalid_value', `${JSON.stringify(name.slice(0, 80))} cannot be the name of a ${kind}`);
  }
  return shortened(`falco-talon-${kind.toLowerCase().replaceAll(/[^a-z0-9]/g, '')}-${name}`, 253);
}

/** A pod's name as a value of `POD_LABEL`. */
export function podLabelValue(podName: string): string {
  return shortened(podName, 63);
}

/** Cut to a length by a hash of the whole, so that two long names never become one. */
function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 10);
  return `${text.slice(0, most - hash.length - 1).replace(/[^a-z0-9]+$/, '')}-${hash}`;
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
    ...cidrs(allowed.allow_cidr).map((cidr) => ({ ipBlock: { cidr } })),
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

function cidrs(texts: readonly string[]): readonly string[] {
  return [...new Set(texts.map((text) => normalCidr(text) ?? text))];
}
