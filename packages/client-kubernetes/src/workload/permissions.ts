import type { Permission } from '@falco-talon/core';

/** A right on Kubernetes, as data. */
export function permission(
  apiGroup: string,
  resources: readonly string[],
  verbs: readonly string[],
  when?: string,
): Permission {
  return { kind: 'kubernetes', apiGroup, resources, verbs, ...(when === undefined ? {} : { when }) };
}

/** Reading the owners whose selector `workloadOf` knows. */
export function ownerPermissions(when?: string): readonly Permission[] {
  return [
    permission('apps', ['replicasets', 'statefulsets', 'daemonsets'], ['get'], when),
    permission('batch', ['jobs'], ['get'], when),
    permission('', ['replicationcontrollers'], ['get'], when),
  ];
}
