import {
  DAEMON_SETS,
  DEPLOYMENTS,
  JOBS,
  NAMESPACES,
  NETWORK_POLICIES,
  NODES,
  PODS,
  REPLICA_SETS,
  REPLICATION_CONTROLLERS,
  STATEFUL_SETS,
  type Resource,
} from '@falco-talon/client-kubernetes';

const RBAC = 'rbac.authorization.k8s.io';
const kind = (group: string, plural: string, name: string, namespaced = true): Resource => ({
  group,
  version: 'v1',
  plural,
  kind: name,
  namespaced,
});

/** Kinds that records name, the ones an action is rather about first: an action that names a pod's node acts on the node. */
export const KINDS: readonly Resource[] = [
  NODES,
  PODS,
  DEPLOYMENTS,
  REPLICA_SETS,
  STATEFUL_SETS,
  DAEMON_SETS,
  REPLICATION_CONTROLLERS,
  JOBS,
  kind('batch', 'cronjobs', 'CronJob'),
  kind('', 'configmaps', 'ConfigMap'),
  kind('', 'secrets', 'Secret'),
  kind('', 'services', 'Service'),
  kind('', 'serviceaccounts', 'ServiceAccount'),
  kind('', 'persistentvolumeclaims', 'PersistentVolumeClaim'),
  kind('', 'persistentvolumes', 'PersistentVolume', false),
  kind('networking.k8s.io', 'ingresses', 'Ingress'),
  kind(RBAC, 'roles', 'Role'),
  kind(RBAC, 'rolebindings', 'RoleBinding'),
  kind(RBAC, 'clusterroles', 'ClusterRole', false),
  kind(RBAC, 'clusterrolebindings', 'ClusterRoleBinding', false),
  NETWORK_POLICIES,
  NAMESPACES,
];

export function apiVersionOf({ group, version }: Resource): string {
  return group === '' ? version : `${group}/${version}`;
}

const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const SEGMENT = /^[!-$&-.0-~]+$/;

export function canBeNamespace(name: string): boolean {
  return LABEL.test(name);
}

export function isSubdomain(name: string): boolean {
  return name.length <= 253 && SUBDOMAIN.test(name);
}

/** An object of another name cannot exist: the record repeats what a forged alert said. */
export function canBeName(resource: Pick<Resource, 'group'>, name: string): boolean {
  return resource.group === RBAC ? name.length <= 253 && SEGMENT.test(name) : isSubdomain(name);
}
