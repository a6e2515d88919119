import type { CallOptions, KubernetesObject, KubernetesReads, ObjectName, Resource } from './kubernetes.ts';
import { shownName } from './names.ts';
import { resourceText } from './path.ts';
import { protectedError } from './protection.ts';

interface Binding extends KubernetesObject {
  readonly roleRef?: { readonly kind?: string; readonly name?: string };
  readonly subjects?: readonly { readonly kind?: string; readonly name?: string; readonly namespace?: string }[];
}

const rbac = (plural: string, kind: string, namespaced: boolean): Resource => ({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  plural,
  kind,
  namespaced,
});
const CLUSTER_ROLES = rbac('clusterroles', 'ClusterRole', false);
const CLUSTER_ROLE_BINDINGS = rbac('clusterrolebindings', 'ClusterRoleBinding', false);
const ROLES = rbac('roles', 'Role', true);
const ROLE_BINDINGS = rbac('rolebindings', 'RoleBinding', true);
const is = (one: Resource, other: Resource) => resourceText(one) === resourceText(other);

/**
 * What gives Falco Talon its rights is its own, wherever it stands: bindings of a service account of its namespace, and the
 * roles these name. One read for a binding, one or two lists for a role, nothing for other kinds.
 * @throws TalonError `refused`; and whatever a read throws: nobody knows then whose it is
 */
export async function refuseOwnAccess(
  reads: Pick<KubernetesReads, 'get' | 'list' | 'ownNamespace'>,
  resource: Resource,
  object: ObjectName,
  { signal }: CallOptions,
): Promise<void> {
  const { ownNamespace } = reads;
  if (ownNamespace === '') return;
  const isOwn = ({ subjects }: Binding) =>
    subjects?.some(({ kind, namespace }) => kind === 'ServiceAccount' && namespace === ownNamespace) === true;

  let own: boolean;
  if (is(resource, CLUSTER_ROLE_BINDINGS) || is(resource, ROLE_BINDINGS)) {
    own = isOwn(await reads.get<Binding>(resource, object, { signal }));
  } else if (is(resource, CLUSTER_ROLES) || is(resource, ROLES)) {
    const lists = is(resource, ROLES)
      ? [reads.list<Binding>(ROLE_BINDINGS, { signal, namespace: object.namespace ?? '' })]
      : [CLUSTER_ROLE_BINDINGS, ROLE_BINDINGS].map((kind) => reads.list<Binding>(kind, { signal }));
    const names = ({ roleRef }: Binding) => roleRef?.kind === resource.kind && roleRef.name === object.name;
    own = (await Promise.all(lists)).flat().some((binding) => names(binding) && isOwn(binding));
  } else return;
  if (own) {
    throw protectedError(
      `${resource.kind} ${shownName(object.name)} is protected: Falco Talon has rights of its own by it`,
    );
  }
}
