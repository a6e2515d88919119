import type { OutcomeRecord } from '@falco-talon/core';
import { NAMESPACES, PODS, type Resource } from '@falco-talon/client-kubernetes';
import { apiVersionOf, canBeName, canBeNamespace, KINDS } from './kinds.ts';

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-reference/ */
export interface ObjectReference {
  readonly kind: string;
  readonly apiVersion?: string;
  readonly namespace?: string;
  readonly name: string;
  readonly uid?: string;
}

export interface Subject {
  readonly regarding: ObjectReference;
  /** Where the event belongs: the object's namespace, `default` for objects that are in none. */
  readonly namespace: string;
  /** The pod by which an action came to its node. */
  readonly related?: ObjectReference;
  /** The kind of `regarding`, when it is one Falco Talon knows. */
  readonly resource?: Resource;
}

type Objects = NonNullable<OutcomeRecord['objects']>;

/** The API takes events about objects without a namespace here only. */
export const CLUSTER_NAMESPACE = 'default';

/**
 * The object an outcome is about. One that touched nothing in the cluster (a function that was called), or whose
 * names cannot be those of an object, is about the namespace Falco Talon runs in.
 */
export function subjectOf({ objects = {} }: OutcomeRecord, ownNamespace: string): Subject {
  return (
    deleted(objects) ??
    KINDS.map((resource) => named(resource, objects[resource.kind.toLowerCase()], objects)).find(Boolean) ?? {
      regarding: reference(NAMESPACES, canBeNamespace(ownNamespace) ? ownNamespace : CLUSTER_NAMESPACE),
      namespace: CLUSTER_NAMESPACE,
    }
  );
}

function named(resource: Resource, name: string | undefined, objects: Objects): Subject | undefined {
  if (name === undefined || !canBeName(resource, name)) return undefined;
  // Of an object in a namespace, `namespace` is only where it is.
  if (!resource.namespaced) return clusterSubject(resource, name, objects);
  const { namespace } = objects;
  if (namespace === undefined || !canBeNamespace(namespace)) return undefined;
  return { regarding: reference(resource, name, namespace), namespace, resource };
}

function clusterSubject(resource: Resource, name: string, objects: Objects): Subject {
  const pod = resource.kind === 'Node' ? named(PODS, objects['pod'], objects) : undefined;
  return {
    regarding: reference(resource, name),
    namespace: CLUSTER_NAMESPACE,
    resource,
    ...(pod && { related: pod.regarding }),
  };
}

/** `{ resource: 'configmaps', name, namespace }`: any plural, also of kinds nobody here knows. */
function deleted(objects: Objects): Subject | undefined {
  const { resource: plural, name, namespace } = objects;
  if (plural === undefined || name === undefined) return undefined;
  const known = KINDS.find((resource) => resource.plural === plural);
  if (known) return named(known, name, objects);
  if (!canBeNamespace(plural) || !canBeName({ group: '' }, name)) return undefined;
  if (namespace === undefined) return { regarding: { kind: plural, name }, namespace: CLUSTER_NAMESPACE };
  return canBeNamespace(namespace) ? { regarding: { kind: plural, namespace, name }, namespace } : undefined;
}

function reference(resource: Resource, name: string, namespace?: string): ObjectReference {
  const apiVersion = apiVersionOf(resource);
  return { kind: resource.kind, apiVersion, ...(namespace !== undefined && { namespace }), name };
}
