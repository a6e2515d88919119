import { strictObject, Type, type Static } from '@falco-talon/core';
import { allowedNamespaces, allowedRanges } from '@falco-talon/client-kubernetes';

export const parameters = strictObject({
  allow_cidr: allowedRanges(['0.0.0.0/0', '::/0']),
  allow_namespaces: allowedNamespaces(
    'Namespaces whose pods may still be reached. None given: the pods of all namespaces.',
  ),
  order: Type.Number({
    default: 0,
    description:
      'Where the policy stands among the others of the tier: the first rule that fits decides, lower orders come first. NetworkPolicies of Kubernetes stand at 1000.',
  }),
});

export type Parameters = Static<typeof parameters>;
