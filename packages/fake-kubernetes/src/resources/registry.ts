import { leaseSchema } from '../schema/lease.ts';
import { networkPolicySchema } from '../schema/network-policy.ts';
import { openSchema } from '../schema/metadata.ts';
import {
  daemonSetSchema,
  deploymentSchema,
  jobSchema,
  replicaSetSchema,
  statefulSetSchema,
} from '../schema/workloads.ts';
import { CORE, SCALE } from './core.ts';
import { accessReviewSchema, rulesReviewSchema } from '../schema/access-review.ts';
import { DEFINITIONS } from './custom/definitions.ts';
import { EVENTS } from './events.ts';
import { POD_DISRUPTION_BUDGETS } from './policy.ts';
import type { Resource, ResourceInput } from './resource.ts';
import { apiVersionOf, resource, STATUS } from './resource.ts';

function inGroup(group: string): (plural: string, kind: string, more?: Partial<ResourceInput>) => Resource {
  return (plural, kind, more = {}) =>
    resource({ group, version: 'v1', plural, kind, schema: openSchema(kind), ...more });
}

const apps = inGroup('apps');
const batch = inGroup('batch');
const networking = inGroup('networking.k8s.io');
const rbac = inGroup('rbac.authorization.k8s.io');

const workload = { categories: ['all'], hasGeneration: true, subresources: [STATUS] };
const ASKED = { namespaced: false, verbs: ['create'] };
const scalable = { ...workload, subresources: [SCALE, STATUS] };

/** Every kind the server serves by itself. A further group is a few more rows. */
export const RESOURCES: readonly Resource[] = [
  ...CORE,
  apps('controllerrevisions', 'ControllerRevision'),
  apps('daemonsets', 'DaemonSet', { ...workload, shortNames: ['ds'], schema: daemonSetSchema }),
  apps('deployments', 'Deployment', { ...scalable, shortNames: ['deploy'], schema: deploymentSchema }),
  apps('replicasets', 'ReplicaSet', { ...scalable, shortNames: ['rs'], schema: replicaSetSchema }),
  apps('statefulsets', 'StatefulSet', { ...scalable, shortNames: ['sts'], schema: statefulSetSchema }),
  // Questions: answered, never stored.
  inGroup('authentication.k8s.io')('selfsubjectreviews', 'SelfSubjectReview', ASKED),
  inGroup('authorization.k8s.io')('selfsubjectaccessreviews', 'SelfSubjectAccessReview', {
    ...ASKED,
    schema: accessReviewSchema,
  }),
  inGroup('authorization.k8s.io')('selfsubjectrulesreviews', 'SelfSubjectRulesReview', {
    ...ASKED,
    schema: rulesReviewSchema,
  }),
  batch('cronjobs', 'CronJob', { ...workload, shortNames: ['cj'] }),
  batch('jobs', 'Job', { ...workload, schema: jobSchema, selectableFields: ['status.successful'] }),
  inGroup('coordination.k8s.io')('leases', 'Lease', {
    schema: leaseSchema,
    unconditionalUpdate: false,
    createOnUpdate: true,
  }),
  EVENTS,
  networking('ingressclasses', 'IngressClass', { namespaced: false }),
  networking('ingresses', 'Ingress', { shortNames: ['ing'], hasGeneration: true, subresources: [STATUS] }),
  networking('networkpolicies', 'NetworkPolicy', {
    singular: 'networkpolicy',
    shortNames: ['netpol'],
    schema: networkPolicySchema,
    hasGeneration: true,
  }),
  POD_DISRUPTION_BUDGETS,
  rbac('clusterrolebindings', 'ClusterRoleBinding', { namespaced: false, nameRule: 'path-segment' }),
  rbac('clusterroles', 'ClusterRole', { namespaced: false, nameRule: 'path-segment' }),
  rbac('rolebindings', 'RoleBinding', { nameRule: 'path-segment' }),
  rbac('roles', 'Role', { nameRule: 'path-segment' }),
  DEFINITIONS,
];

const byPath = new Map(RESOURCES.map((row) => [`${apiVersionOf(row)}/${row.plural}`, row]));
const byKind = new Map(RESOURCES.map((row) => [`${apiVersionOf(row)}/${row.kind}`, row]));

export function findResource(group: string, version: string, plural: string): Resource | undefined {
  return byPath.get(`${apiVersionOf({ group, version })}/${plural}`);
}

export function resourceOfKind(apiVersion: string, kind: string): Resource | undefined {
  return byKind.get(`${apiVersion}/${kind}`);
}
