import type { Permission } from '@falco-talon/core';

const VERBS = ['get', 'delete'];
const WHEN = 'rules act on alerts about these kinds; other kinds likewise';

/** The kinds Falco's audit rules are about. Nothing is taken for granted: a rule needs the rights for its own kinds only. */
const KINDS: Readonly<Record<string, readonly string[]>> = {
  '': [
    'configmaps',
    'namespaces',
    'persistentvolumeclaims',
    'pods',
    'replicationcontrollers',
    'secrets',
    'serviceaccounts',
    'services',
  ],
  apps: ['daemonsets', 'deployments', 'replicasets', 'statefulsets'],
  batch: ['cronjobs', 'jobs'],
  'networking.k8s.io': ['ingresses', 'networkpolicies'],
  'rbac.authorization.k8s.io': ['clusterrolebindings', 'clusterroles', 'rolebindings', 'roles'],
};

export const permissions: readonly Permission[] = [
  ...Object.entries(KINDS).map(([apiGroup, resources]): Permission => ({
    kind: 'kubernetes',
    apiGroup,
    resources,
    verbs: VERBS,
    when: WHEN,
  })),
  {
    kind: 'kubernetes',
    apiGroup: 'rbac.authorization.k8s.io',
    resources: ['clusterrolebindings', 'rolebindings'],
    verbs: ['list'],
    when: 'rules act on alerts about roles: those that give Falco Talon its own rights are left alone',
  },
];
