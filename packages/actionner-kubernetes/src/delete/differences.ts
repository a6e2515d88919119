import type { Difference } from '@falco-talon/core';

export const differences: readonly Difference[] = [
  {
    id: 'kinds',
    effect: 'more',
    there:
      'a few kinds are deleted (Namespaces, ConfigMaps, Secrets, Services, ServiceAccounts, Roles, ClusterRoles and what is in apps); for all others, pods and bindings among them, a success is told and nothing done',
    here: 'any kind is deleted',
  },
  {
    id: 'protected',
    effect: 'less',
    there: 'nothing is protected',
    here: "the cluster's own namespaces and roles, and Falco Talon's own namespace, are never deleted",
  },
];
