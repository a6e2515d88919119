import type { CallOptions, KubernetesObject, KubernetesReads, ObjectName, Resource } from './kubernetes.ts';
import { shownName } from './names.ts';
import { resourceText } from './path.ts';
import { protectedError } from './protection.ts';

interface Subject {
  readonly kind?: string;
  readonly name?: string;
  readonly namespace?: string;
}
interface Binding extends KubernetesObject {
  readonly roleRef?: { readonly kind?: string; readonly name?: string };
  readonly subjects?: readonly Subject[];
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
 * Whether a subject is a service account of the namespace, by any of the names the API server knows it by. Not
 * `system:authenticated`: nobody installs Falco Talon by giving its rights to everybody, and such a binding is what alerts are about.
 * https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-subjects
 */
function isAccountOf(own: string, { kind, name, namespace }: Subject): boolean {
  if (kind === 'ServiceAccount') return namespace === own;
  if (kind === 'User') return name?.startsWith(`system:serviceaccount:${own}:`) === true;
  return kind === 'Group' && (name === 'system:serviceaccounts' || name === `system:serviceaccounts:${own}`);
}

/**
 * What gives Falco Talon its rights is its own, wherever it stands: bindings of the service accounts of its namespace, however
 * they are named, and the roles these name. One read for a binding, one or two lists for a role, nothing for other kinds.
 * Not the roles that are aggregated into one of these: what gives them their label may give and take rights anyway.
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
  const isOwn = ({ subjects }: Binding) => subjects?.some((subject) => isAccountOf(ownNamespace, subject)) === true;

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
