import type { KubernetesObject, ObjectMeta, Resource } from '@falco-talon/client-kubernetes';

/** Kinds that only these tests use. */
const cluster = (group: string, plural: string, kind: string): Resource => ({
  group,
  version: 'v1',
  plural,
  kind,
  namespaced: false,
});

export const CLUSTER_ROLES = cluster('rbac.authorization.k8s.io', 'clusterroles', 'ClusterRole');
export const CLUSTER_ROLE_BINDINGS = cluster('rbac.authorization.k8s.io', 'clusterrolebindings', 'ClusterRoleBinding');
export const ACCESS_REVIEWS = cluster('authorization.k8s.io', 'subjectaccessreviews', 'SubjectAccessReview');
export const DEFINITIONS = cluster('apiextensions.k8s.io', 'customresourcedefinitions', 'CustomResourceDefinition');
export const SERVICE_ACCOUNTS: Resource = {
  group: '',
  version: 'v1',
  plural: 'serviceaccounts',
  kind: 'ServiceAccount',
  namespaced: true,
};
export const CONFIG_MAPS: Resource = { ...SERVICE_ACCOUNTS, plural: 'configmaps', kind: 'ConfigMap' };
export const EVENTS: Resource = {
  group: 'events.k8s.io',
  version: 'v1',
  plural: 'events',
  kind: 'Event',
  namespaced: true,
};
export const BUDGETS: Resource = {
  group: 'policy',
  version: 'v1',
  plural: 'poddisruptionbudgets',
  kind: 'PodDisruptionBudget',
  namespaced: true,
};

export interface Pod extends KubernetesObject {
  readonly metadata: ObjectMeta & { readonly creationTimestamp?: string };
  readonly spec: {
    readonly nodeName?: string;
    readonly containers: readonly { readonly name: string }[];
    readonly [key: string]: unknown;
  };
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly podIP?: string;
    readonly initContainerStatuses?: readonly ContainerStatus[];
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly ephemeralContainerStatuses?: readonly ContainerStatus[];
  };
}

export interface ContainerStatus {
  readonly name: string;
  readonly containerID?: string;
  readonly state?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export interface Node extends KubernetesObject {
  readonly spec: {
    readonly unschedulable?: boolean;
    readonly taints?: readonly { readonly key: string }[];
  };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}
