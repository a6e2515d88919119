import type { ApiObject, ObjectInput } from '../api-object.ts';
import { copyObject, timestamp } from '../api-object.ts';
import { NAMESPACES } from '../resources/core.ts';
import { setDefaults } from '../resources/defaults.ts';
import { servedKind } from '../resources/served.ts';
import type { Cluster } from '../server/request.ts';
import { namespace as namespaceObject } from '../workloads/workloads.ts';

/** Stores an object as it is, past admission; what only the server sets is filled in where it is missing. */
export function seed(cluster: Cluster, input: ObjectInput): ApiObject {
  const resource = servedKind(cluster.store, input.apiVersion, input.kind);
  if (resource === undefined) throw new Error(`fake-kubernetes serves no ${input.kind} of ${input.apiVersion}`);
  const { name = '', namespace = 'default' } = input.metadata;
  if (name === '') throw new Error(`an object of kind ${input.kind} needs metadata.name`);
  if (resource.namespaced && cluster.store.get(NAMESPACES, '', namespace) === undefined) {
    seed(cluster, namespaceObject(namespace));
  }
  const object = {
    ...copyObject(input),
    metadata: {
      creationTimestamp: timestamp(cluster.now()),
      ...(resource.hasGeneration ? { generation: 1 } : {}),
      uid: cluster.store.newUid(),
      ...copyObject(input.metadata),
      name,
      ...(resource.namespaced ? { namespace } : {}),
      resourceVersion: '',
    },
  } as ApiObject;
  if (resource.custom === undefined) setDefaults(object);
  return cluster.store.put(resource, object);
}
