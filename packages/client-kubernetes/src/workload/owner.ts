import {
  DAEMON_SETS,
  JOBS,
  REPLICA_SETS,
  REPLICATION_CONTROLLERS,
  STATEFUL_SETS,
  type KubernetesObject,
  type OwnerReference,
  type Resource,
} from '../kubernetes.ts';

const WORKLOADS: readonly Resource[] = [REPLICA_SETS, STATEFUL_SETS, DAEMON_SETS, JOBS, REPLICATION_CONTROLLERS];

/** The one owner that keeps the object alive; other references only say when to collect it as garbage. */
export function controllerOf(object: KubernetesObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find(({ controller }) => controller === true);
}

/** Undefined for kinds Kubernetes itself does not bring, also when they only share the name: OpenKruise's StatefulSet. */
export function workloadResource(owner: OwnerReference): Resource | undefined {
  const group = owner.apiVersion.includes('/') ? owner.apiVersion.slice(0, owner.apiVersion.indexOf('/')) : '';
  return WORKLOADS.find((resource) => resource.kind === owner.kind && resource.group === group);
}

/** What people read: `ReplicaSet web-89b84b8c4`. */
export function ownerText(owner: OwnerReference): string {
  return `${owner.kind} ${owner.name}`;
}
