import type { Permission } from '@falco-talon/core';
import { ACCESS_REVIEWS, CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, SERVICE_ACCOUNTS } from '../cluster/resources.ts';
import { until } from '../cluster/until.ts';
import { RUN_LABEL } from '../run.ts';
import type { TestCluster } from './use-cluster.ts';

export interface Right {
  readonly apiGroup: string;
  readonly resource: string;
  readonly verb: string;
}

/** Every single right these permissions come to. */
export function rightsOf(permissions: readonly Permission[]): readonly Right[] {
  return permissions.flatMap((permission) =>
    permission.kind === 'kubernetes'
      ? permission.resources.flatMap((resource) =>
          permission.verbs.map((verb) => ({ apiGroup: permission.apiGroup, resource, verb })),
        )
      : [],
  );
}

/** As in `rights.without`: `patch pods`, `get pods/log`. */
export const rightText = ({ verb, resource }: Right): string => `${verb} ${resource}`;

/**
 * A service account with these rights in the whole cluster, and no others.
 * @returns the name the API server knows it by, once the rights count
 */
export async function accountWith(cluster: TestCluster, name: string, rights: readonly Right[]): Promise<string> {
  const { client, namespace, run } = cluster;
  const labels = { [RUN_LABEL]: run.id };
  const wide = `${namespace}-${name}`;
  const user = `system:serviceaccount:${namespace}:${name}`;
  await client.create(SERVICE_ACCOUNTS, { metadata: { name, labels } }, { namespace, signal: cluster.signal });
  if (rights.length === 0) return user;
  const rules = rights.map(({ apiGroup, resource, verb }) => ({
    apiGroups: [apiGroup],
    resources: [resource],
    verbs: [verb],
  }));
  await client.create(CLUSTER_ROLES, { metadata: { name: wide, labels }, rules }, { signal: cluster.signal });
  const binding = {
    metadata: { name: wide, labels },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: wide },
    subjects: [{ kind: 'ServiceAccount', name, namespace }],
  };
  await client.create(CLUSTER_ROLE_BINDINGS, binding, { signal: cluster.signal });
  const last = rights.at(-1)!;
  await until(`the rights of ${user} count`, () => isAllowed(cluster, user, last));
  return user;
}

async function isAllowed({ client, signal }: TestCluster, user: string, right: Right): Promise<boolean> {
  const [resource, subresource] = right.resource.split('/');
  const review = await client.create(
    ACCESS_REVIEWS,
    {
      metadata: {},
      spec: { user, resourceAttributes: { group: right.apiGroup, verb: right.verb, resource, subresource } },
    },
    { signal },
  );
  return review.status?.['allowed'] === true;
}
