import { allowedNamespacesDifference } from '@falco-talon/client-kubernetes';
import type { Difference } from '@falco-talon/core';

export const differences: readonly Difference[] = [
  {
    id: 'pods',
    effect: 'less',
    when: 'allow_cidr is given, allow_namespaces is not',
    there: 'only these ranges can be reached: no pods outside of them, and no DNS',
    here: 'the pods of all namespaces can still be reached, and DNS',
    parameter: 'allow_cidr',
    applies: ({ parameters }) => parameters['allow_cidr'] !== undefined && parameters['allow_namespaces'] === undefined,
  },
  {
    id: 'ranges',
    effect: 'less',
    when: 'allow_namespaces is given, allow_cidr is not',
    there: 'no address but those of the namespaces can be reached',
    here: 'allow_cidr keeps its default, all addresses; give the ranges, or an empty list',
    parameter: 'allow_namespaces',
    applies: ({ parameters }) => parameters['allow_namespaces'] !== undefined && parameters['allow_cidr'] === undefined,
  },
  allowedNamespacesDifference,
];
