import { oneOf, strictObject, type Static } from '@falco-talon/core';
import { allowedNamespaces, allowedRanges } from '@falco-talon/client-kubernetes';

export const parameters = strictObject({
  allow_cidr: allowedRanges([]),
  allow_namespaces: allowedNamespaces('Namespaces whose pods may still be reached.'),
  scope: oneOf(['pod', 'workload'], {
    default: 'pod',
    description: 'What is cut off: the pod alone, or every pod its owner selects, later ones included.',
  }),
});

export type Parameters = Static<typeof parameters>;
