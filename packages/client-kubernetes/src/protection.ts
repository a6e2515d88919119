import { CLUSTER_NAMESPACES, TalonError } from '@falco-talon/core';
import type { KubernetesFailure, ObjectName, Resource } from './kubernetes.ts';
import { shownName } from './names.ts';
import { resourceText } from './path.ts';

/** OpenShift shows each namespace as a project too, and deleting the one deletes the other. */
const NAMESPACE_KINDS: readonly string[] = ['namespaces', 'projects.project.openshift.io'];
/**
 * What the API server makes for the cluster's own components and administrators, and restores only when it starts.
 * https://kubernetes.io/docs/reference/access-authn-authz/rbac/#default-roles-and-role-bindings
 */
const DEFAULT_ACCESS_KINDS: readonly string[] = [
  'clusterroles.rbac.authorization.k8s.io',
  'clusterrolebindings.rbac.authorization.k8s.io',
];
const DEFAULT_ACCESS = /^(?:cluster-admin$|system:)/;

export function isNamespace(resource: Resource): boolean {
  return NAMESPACE_KINDS.includes(resourceText(resource));
}

/**
 * The last line, below the guards: what nobody's settings open to the deletion of any object an alert names.
 * Throws for a protected namespace, for every object inside one, and for the cluster's own roles and bindings.
 * `ownNamespace` is empty when unknown.
 * @throws TalonError `refused`
 */
export function refuseProtected(resource: Resource, object: ObjectName, ownNamespace: string): void {
  const message = whyProtected(resource, object, ownNamespace);
  if (message !== undefined) throw protectedError(message);
}

/** Nothing was sent. */
export function protectedError(message: string): TalonError {
  const cause: KubernetesFailure = {
    kind: 'kubernetes-failure',
    method: '',
    path: '',
    status: 0,
    reason: 'Protected',
    message,
    causes: [],
  };
  return new TalonError('refused', message, { cause });
}

function whyProtected(resource: Resource, object: ObjectName, ownNamespace: string): string | undefined {
  if (DEFAULT_ACCESS_KINDS.includes(resourceText(resource)) && DEFAULT_ACCESS.test(object.name)) {
    return `${resource.kind} ${shownName(object.name)} is protected: the cluster itself works with it`;
  }
  const itself = isNamespace(resource);
  const namespace = itself ? object.name : resource.namespaced ? object.namespace : undefined;
  if (namespace === undefined || namespace === '') return undefined;
  const own = namespace === ownNamespace;
  if (!own && !CLUSTER_NAMESPACES.includes(namespace)) return undefined;
  const why = own ? `${namespace} is Falco Talon's own namespace` : `${namespace} is a namespace of the cluster itself`;
  return itself ? `namespace ${namespace} is protected: ${why}` : `${why}: what is in it is protected`;
}
