import { openSchema } from '../schema/metadata.ts';
import { namespaceSchema, nodeSchema, podSchema } from '../schema/pod.ts';
import { CORE_EVENTS } from './events.ts';
import type { Resource, ResourceInput, Subresource } from './resource.ts';
import { ALL_VERBS, resource, STATUS } from './resource.ts';

const CREATE_AND_GET = ['create', 'get'];
const SCALE: Subresource = {
  name: 'scale',
  kind: 'Scale',
  group: 'autoscaling',
  version: 'v1',
  verbs: ['get', 'patch', 'update'],
};

function core(plural: string, kind: string, more: Partial<ResourceInput> = {}): Resource {
  return resource({ group: '', version: 'v1', plural, kind, schema: openSchema(kind), ...more });
}

export const PODS = core('pods', 'Pod', {
  schema: podSchema,
  shortNames: ['po'],
  categories: ['all'],
  hasGeneration: true,
  selectableFields: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.nominatedNodeName',
  ],
  subresources: [
    { name: 'attach', kind: 'PodAttachOptions', verbs: CREATE_AND_GET },
    { name: 'binding', kind: 'Binding', verbs: ['create'] },
    { name: 'ephemeralcontainers', verbs: ['get', 'patch', 'update'] },
    { name: 'eviction', kind: 'Eviction', group: 'policy', version: 'v1', verbs: ['create'] },
    { name: 'exec', kind: 'PodExecOptions', verbs: CREATE_AND_GET },
    { name: 'log', verbs: ['get'] },
    { name: 'portforward', kind: 'PodPortForwardOptions', verbs: CREATE_AND_GET },
    { name: 'proxy', kind: 'PodProxyOptions', verbs: ['create', 'delete', 'get', 'patch', 'update'] },
    { name: 'resize', verbs: ['get', 'patch', 'update'] },
    STATUS,
  ],
});

export const NODES = core('nodes', 'Node', {
  schema: nodeSchema,
  namespaced: false,
  shortNames: ['no'],
  selectableFields: ['spec.unschedulable'],
  subresources: [
    { name: 'proxy', kind: 'NodeProxyOptions', verbs: ['create', 'delete', 'get', 'patch', 'update'] },
    STATUS,
  ],
});

export const NAMESPACES = core('namespaces', 'Namespace', {
  schema: namespaceSchema,
  namespaced: false,
  shortNames: ['ns'],
  nameRule: 'label',
  selectableFields: ['status.phase'],
  subresources: [{ name: 'finalize', verbs: ['update'] }, STATUS],
  verbs: ALL_VERBS.filter((verb) => verb !== 'deletecollection'),
});

export const CORE: readonly Resource[] = [
  core('configmaps', 'ConfigMap', { shortNames: ['cm'] }),
  core('endpoints', 'Endpoints', { shortNames: ['ep'] }),
  CORE_EVENTS,
  core('limitranges', 'LimitRange', { shortNames: ['limits'] }),
  NAMESPACES,
  NODES,
  core('persistentvolumeclaims', 'PersistentVolumeClaim', { shortNames: ['pvc'], subresources: [STATUS] }),
  core('persistentvolumes', 'PersistentVolume', { namespaced: false, shortNames: ['pv'], subresources: [STATUS] }),
  PODS,
  core('podtemplates', 'PodTemplate'),
  core('replicationcontrollers', 'ReplicationController', {
    shortNames: ['rc'],
    categories: ['all'],
    hasGeneration: true,
    subresources: [SCALE, STATUS],
  }),
  core('resourcequotas', 'ResourceQuota', { shortNames: ['quota'], subresources: [STATUS] }),
  core('secrets', 'Secret', { selectableFields: ['type'] }),
  core('serviceaccounts', 'ServiceAccount', {
    shortNames: ['sa'],
    subresources: [
      { name: 'token', kind: 'TokenRequest', group: 'authentication.k8s.io', version: 'v1', verbs: ['create'] },
    ],
  }),
  core('services', 'Service', {
    shortNames: ['svc'],
    categories: ['all'],
    nameRule: 'label',
    selectableFields: ['spec.clusterIP', 'spec.type'],
    subresources: [
      { name: 'proxy', kind: 'ServiceProxyOptions', verbs: ['create', 'delete', 'get', 'patch', 'update'] },
      STATUS,
    ],
  }),
];
export { SCALE };
