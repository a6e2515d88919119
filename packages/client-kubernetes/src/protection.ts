import { TalonError } from '@falco-talon/core';
import type { KubernetesFailure, ObjectName, Resource } from './kubernetes.ts';
import { resourceText } from './path.ts';

/** Without what is in them the cluster stops. Falco Talon's own namespace is protected beside these. */
const PROTECTED_NAMESPACES: readonly string[] = ['kube-system', 'kube-public', 'kube-node-lease'];
/** OpenShift shows each namespace as a project too, and deleting the one deletes the other. */
const NAMESPACE_KINDS: readonly string[] = ['namespaces', 'projects.project.openshift.io'];

export function isNamespace(resource: Resource): boolean {
  return NAMESPACE_KINDS.includes(resourceText(resource));
}

/**
 * Throws for a protected namespace and for every object inside one. `ownNamespace` is empty when unknown.
 * @throws TalonError `refused`
 */
export function refuseProtected(resource: Resource, object: ObjectName, ownNamespace: string): void {
  const itself = isNamespace(resource);
  const namespace = itself ? object.name : resource.namespaced ? object.namespace : undefined;
  if (namespace === undefined || namespace === '') return;
  const own = namespace === ownNamespace;
  if (!own && !PROTECTED_NAMESPACES.includes(namespace)) return;
  const why = own ? `${namespace} is Falco Talon's own namespace` : `${namespace} is a namespace of the cluster itself`;
  const message = itself ? `namespace ${namespace} is protected: ${why}` : `${why}: what is in it is protected`;
  const cause: KubernetesFailure = {
    kind: 'kubernetes-failure',
    method: '',
    path: '',
    status: 0,
    reason: 'Protected',
    message,
    causes: [],
  };
  throw new TalonError('refused', message, { cause });
}
