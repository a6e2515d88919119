import type { Permission } from '@falco-talon/core';
import {
  daemonSet,
  job,
  namespace,
  node,
  pod,
  replicaSet,
  replicationController,
  statefulSet,
  type ObjectInput,
} from '@falco-talon/fake-kubernetes';
import type { HostileNamesOptions, PermissionCase, PermissionSuiteOptions } from '@falco-talon/testkit';
import { permissions as deletePermissions } from '../src/delete/permissions.ts';
import { apiObject, auditAlert } from './audited.ts';
import { playCaptures } from './captures.ts';
import { alertAbout, startCluster, type TestCluster } from './cluster.ts';

/** In which the examples of every actionner succeed. */
const WEB = replicaSet({ name: 'web', namespace: 'shop', replicas: 9 });
const VICTIM = WEB[1]!;
const NAME = VICTIM.metadata.name!;

type Owned = readonly (readonly [string, readonly ObjectInput[]])[];

/** Pods of each kind of owner, all on one node. */
function owned(suffix: string, replicas: number, nodeName: string): Owned {
  const given = { namespace: 'shop', replicas, pod: { node: nodeName } };
  return [
    ['a ReplicaSet', replicaSet({ ...given, name: `front${suffix}` })],
    ['a StatefulSet', statefulSet({ ...given, name: `db${suffix}` })],
    ['a DaemonSet', daemonSet({ ...given, name: `agent${suffix}` })],
    ['a Job', job({ ...given, name: `batch${suffix}` })],
    ['a ReplicationController', replicationController({ ...given, name: `old${suffix}` })],
  ];
}
const OWNED = owned('', 9, 'node-2');
/** What is on the node that is drained. */
const DRAINED = owned('-drained', 3, 'node-3');

/** What the examples need of an alert. */
const FIELDS = { 'container.id': 'f'.repeat(12), 'fd.name': '/etc/hosts', 'fd.directory': '/etc', 'user.name': 'root' };

/** As the suites call Falco Talon's own one. */
const OWN = 'falco-talon';

export async function startWorld(): Promise<TestCluster> {
  const cluster = await startCluster({
    objects: [
      namespace(OWN),
      ...WEB,
      ...[...OWNED, ...DRAINED].flatMap(([, objects]) => objects),
      pod({ name: 'etcd-0', namespace: 'kube-system' }),
    ],
    terminationDelay: 10,
  });
  await playCaptures(cluster, Buffer.from('capture'));
  return cluster;
}

/** With these parameters about a pod of each kind of owner. */
function ownedCases(
  cluster: () => TestCluster,
  parameters: Readonly<Record<string, unknown>>,
): readonly PermissionCase[] {
  return OWNED.map(([description, objects]) => {
    const victim = objects[1]!;
    return {
      description: `a pod of ${description}`,
      parameters,
      events: [alertAbout(victim.metadata.name!)],
      prepare() {
        cluster().api.remove('pods', 'shop', victim.metadata.name!);
        cluster().api.create(victim);
      },
    };
  });
}

const KINDS: Readonly<Record<string, string>> = {
  configmaps: 'ConfigMap',
  namespaces: 'Namespace',
  persistentvolumeclaims: 'PersistentVolumeClaim',
  pods: 'Pod',
  replicationcontrollers: 'ReplicationController',
  secrets: 'Secret',
  serviceaccounts: 'ServiceAccount',
  services: 'Service',
  daemonsets: 'DaemonSet',
  deployments: 'Deployment',
  replicasets: 'ReplicaSet',
  statefulsets: 'StatefulSet',
  cronjobs: 'CronJob',
  jobs: 'Job',
  ingresses: 'Ingress',
  networkpolicies: 'NetworkPolicy',
  clusterrolebindings: 'ClusterRoleBinding',
  clusterroles: 'ClusterRole',
  rolebindings: 'RoleBinding',
  roles: 'Role',
};
const CLUSTER_SCOPED = ['namespaces', 'clusterroles', 'clusterrolebindings'];

/** Deletes an object of every kind the permissions name. */
function deleteCases(cluster: () => TestCluster): readonly PermissionCase[] {
  return deletePermissions.flatMap((permission: Permission) =>
    permission.kind !== 'kubernetes'
      ? []
      : permission.resources.map((plural) => {
          const namespace = CLUSTER_SCOPED.includes(plural) ? '' : 'shop';
          const name = `made-${plural}`;
          const apiVersion = permission.apiGroup === '' ? 'v1' : `${permission.apiGroup}/v1`;
          return {
            description: `one of the ${plural}`,
            events: [auditAlert({ resource: plural, name, ...(namespace === '' ? {} : { namespace }) })],
            prepare() {
              cluster().api.remove(plural, namespace, name);
              cluster().api.create(apiObject(KINDS[plural]!, name, {}, apiVersion, namespace));
            },
          };
        }),
  );
}

/** A node with a few pods of each kind; one of them is what the alert is about. */
function drainWorld(cluster: () => TestCluster): Partial<PermissionSuiteOptions> {
  const pods = DRAINED.flatMap(([, objects]) => objects.slice(1));
  return {
    events: () => [alertAbout(pods[0]!.metadata.name!)],
    prepare() {
      const { api } = cluster();
      for (const object of pods) {
        api.remove('pods', 'shop', object.metadata.name!);
        api.create(object);
      }
      api.remove('nodes', '', 'node-3');
      api.create(node({ name: 'node-3' }));
    },
    cases: [{ description: 'databases, too', parameters: { min_healthy_replicas: '33%' } }],
  };
}

/** Beside the examples: what shows a right that is only needed sometimes. */
function casesOf(actionner: string, cluster: () => TestCluster): Partial<PermissionSuiteOptions & HostileNamesOptions> {
  switch (actionner) {
    case 'terminate':
      return { cases: ownedCases(cluster, { min_healthy_replicas: '33%' }) };
    case 'networkpolicy':
      return { cases: ownedCases(cluster, { scope: 'workload' }) };
    case 'cordon':
      // Only after an attempt that was interrupted.
      return { unshown: ['get nodes'] };
    case 'sysdig':
      return {
        unshown: ['get jobs.batch', 'list events'],
        // Each capture has a Job of its own.
        alsoAllowed: ({ namespace: where }) => where === OWN,
      };
    case 'drain':
      return drainWorld(cluster);
    case 'delete':
      return {
        events: () => [auditAlert({ resource: 'pods', name: NAME, namespace: 'shop' })],
        cases: deleteCases(cluster),
      };
    default:
      return {};
  }
}

/** What the suites about rights and names need for an actionner of this package. */
export function worldOf(actionner: string, cluster: () => TestCluster): PermissionSuiteOptions & HostileNamesOptions {
  return {
    cluster: () => cluster().api,
    events: () => [alertAbout(NAME, FIELDS)],
    prepare() {
      const { api } = cluster();
      for (const { metadata } of api.objects('networkpolicies', 'shop')) {
        api.remove('networkpolicies', 'shop', metadata.name);
      }
      api.remove('pods', 'shop', NAME);
      api.create(VICTIM);
      api.remove('nodes', '', 'node-1');
      api.create(node({ name: 'node-1' }));
    },
    ...casesOf(actionner, cluster),
  };
}
