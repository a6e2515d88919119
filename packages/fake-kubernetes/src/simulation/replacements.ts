import type { ApiObject } from '../api-object.ts';
import { at } from '../json.ts';
import { randomSuffix } from '../resources/defaults.ts';
import { PODS } from '../resources/core.ts';
import { resourceOfKind } from '../resources/registry.ts';
import type { Cluster } from '../server/request.ts';
import { timestamp } from '../api-object.ts';
import { runningStatus } from '../workloads/pod.ts';

function ownerOf(cluster: Cluster, pod: ApiObject): ApiObject | undefined {
  const reference = pod.metadata.ownerReferences?.find((owner) => owner.controller === true);
  const resource = reference && resourceOfKind(reference.apiVersion, reference.kind);
  if (reference === undefined || resource === undefined) return undefined;
  const owner = cluster.store.get(resource, pod.metadata.namespace ?? '', reference.name);
  return owner?.metadata.uid === reference.uid && owner.metadata.deletionTimestamp === undefined ? owner : undefined;
}

function replace(cluster: Cluster, pod: ApiObject, name: string): void {
  const { store, now } = cluster;
  const { labels, annotations, ownerReferences, namespace, generateName } = pod.metadata;
  if (store.get(PODS, namespace ?? '', name) !== undefined) return;
  const time = timestamp(now());
  store.put(PODS, {
    ...pod,
    metadata: {
      name,
      ...(generateName === undefined ? {} : { generateName }),
      ...(namespace === undefined ? {} : { namespace }),
      uid: store.newUid(),
      resourceVersion: '',
      generation: 1,
      creationTimestamp: time,
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ...(ownerReferences === undefined ? {} : { ownerReferences }),
    },
    status: runningStatus(pod.spec ?? {}, time, 1),
  });
}

/**
 * Re-creates pods that end: a ReplicaSet's as soon as the old one is terminating and under a new name, a StatefulSet's
 * after the old one is gone and under the same name with a new uid.
 */
export function startReplacements(cluster: Cluster): void {
  const replaced = new Set<string>();
  cluster.store.onChange((change, resource, pod) => {
    if (resource.kind !== 'Pod' || replaced.has(pod.metadata.uid)) return;
    const gone = change === 'deleted';
    if (!gone && pod.metadata.deletionTimestamp === undefined) return;
    const owner = ownerOf(cluster, pod);
    if (owner === undefined || at(owner, 'spec', 'replicas') === 0) return;
    if (owner.kind === 'StatefulSet' && !gone) return;
    if (!['StatefulSet', 'ReplicaSet', 'ReplicationController', 'DaemonSet'].includes(owner.kind)) return;
    replaced.add(pod.metadata.uid);
    replace(
      cluster,
      pod,
      owner.kind === 'StatefulSet' ? pod.metadata.name : `${owner.metadata.name}-${randomSuffix()}`,
    );
  });
}
