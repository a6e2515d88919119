import { strictObject, type Static } from '@falco-talon/core';
import { allowedNamespaces, allowedRanges } from '@falco-talon/client-kubernetes';

export const parameters = strictObject({
  allow_cidr: allowedRanges(['0.0.0.0/0', '::/0']),
  allow_namespaces: allowedNamespaces(
    'Namespaces whose pods may still be reached. None given: the whole cluster, its nodes included.',
  ),
});

export type Parameters = Static<typeof parameters>;
