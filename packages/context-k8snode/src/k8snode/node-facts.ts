import type { KubernetesObject } from '@falco-talon/client-kubernetes';

/** The part of a node facts come from. https://kubernetes.io/docs/reference/labels-annotations-taints/ */
export interface Node extends KubernetesObject {
  readonly spec?: Readonly<Record<string, unknown>> & { readonly providerID?: string };
}

const ROLE = 'kubernetes.io/role';
const ROLE_PREFIX = 'node-role.kubernetes.io/';

/**
 * The elements. Each is there, and empty when the node does not tell: a script may read it under `set -u`, and a field of
 * the alert that is called alike never takes its place.
 */
export function nodeFacts({ metadata, spec }: Node): Readonly<Record<string, string>> {
  const labels = metadata.labels ?? {};
  const first = (...keys: readonly string[]) => keys.map((key) => labels[key]).find(Boolean) ?? '';
  return {
    'node.hostname': first('kubernetes.io/hostname') || metadata.name,
    'node.instancetype': first('node.kubernetes.io/instance-type', 'beta.kubernetes.io/instance-type'),
    'node.role': first(ROLE) || rolesOf(labels),
    'node.topology.region': first('topology.kubernetes.io/region', 'failure-domain.beta.kubernetes.io/region'),
    'node.topology.zone': first('topology.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/zone'),
    'node.spec.providerid': spec?.providerID ?? '',
  };
}

/** As `kubectl get nodes` shows them. */
function rolesOf(labels: Readonly<Record<string, string>>): string {
  return Object.keys(labels)
    .filter((key) => key.startsWith(ROLE_PREFIX))
    .map((key) => key.slice(ROLE_PREFIX.length))
    .toSorted()
    .join(',');
}
