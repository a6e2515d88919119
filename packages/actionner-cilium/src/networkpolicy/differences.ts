import { allowedNamespacesDifference } from '@falco-talon/client-kubernetes';
import type { Difference } from '@falco-talon/core';

export const differences: readonly Difference[] = [
  {
    id: 'cluster',
    effect: 'less',
    when: 'allow_namespaces is not given',
    there: 'nothing in the cluster can be reached, DNS included, as ranges are not about pods',
    here: 'the whole cluster can still be reached, DNS included',
    applies: ({ parameters }) => parameters['allow_namespaces'] === undefined,
  },
  {
    id: 'ranges',
    effect: 'less',
    when: 'allow_namespaces is given, allow_cidr is not',
    there: 'nothing outside the cluster can be reached',
    here: 'allow_cidr keeps its default, all addresses; give the ranges, or an empty list',
    parameter: 'allow_namespaces',
    applies: ({ parameters }) => parameters['allow_namespaces'] !== undefined && parameters['allow_cidr'] === undefined,
  },
  allowedNamespacesDifference,
];
