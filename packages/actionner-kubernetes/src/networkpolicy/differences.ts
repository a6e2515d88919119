import type { Difference } from '@falco-talon/core';
import { allowedNamespacesDifference } from '@falco-talon/client-kubernetes';

export const differences: readonly Difference[] = [
  {
    id: 'scope',
    effect: 'less',
    when: 'scope is not workload',
    there:
      'every pod of the same owner is cut off, later ones included, and pods of Jobs and other owners are a failure',
    here: 'only the pod of the alert is cut off, whatever its owner; scope: workload cuts off all',
    applies: ({ parameters }) => parameters['scope'] !== 'workload',
  },
  allowedNamespacesDifference,
];
