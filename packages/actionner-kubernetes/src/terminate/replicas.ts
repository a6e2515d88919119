import type { Permission } from '@falco-talon/core';
import { permission, type KubernetesObject } from '@falco-talon/client-kubernetes';

const WHEN = 'min_healthy_replicas is set';
/** Reading the owners whose replicas are known. */
export const REPLICA_PERMISSIONS: readonly Permission[] = [
  permission('apps', ['replicasets', 'statefulsets'], ['get'], WHEN),
  permission('batch', ['jobs'], ['get'], WHEN),
  permission('', ['replicationcontrollers'], ['get'], WHEN),
];

export interface Replicas {
  readonly ready: number;
  readonly desired: number;
}

/** What an owner says about its replicas; undefined for kinds that are not counted. */
export function replicasOf(kind: string, owner: KubernetesObject): Replicas | undefined {
  const spec = owner.spec ?? {};
  const status = owner.status ?? {};
  switch (kind) {
    case 'ReplicaSet':
    case 'StatefulSet':
    case 'ReplicationController':
      // The API leaves a ready count of zero out.
      return { ready: count(status['readyReplicas']) ?? 0, desired: count(spec['replicas']) ?? 1 };
    case 'Job':
      return jobReplicas(spec, status);
    default:
      return undefined;
  }
}

/** A Job wants as many pods at a time as `parallelism`, or fewer when not so many completions are left. */
function jobReplicas(spec: Readonly<Record<string, unknown>>, status: Readonly<Record<string, unknown>>): Replicas {
  const completions = count(spec['completions']);
  const left = completions === undefined ? Infinity : Math.max(0, completions - (count(status['succeeded']) ?? 0));
  return {
    ready: count(status['ready']) ?? 0,
    desired: Math.min(count(spec['parallelism']) ?? 1, left),
  };
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
