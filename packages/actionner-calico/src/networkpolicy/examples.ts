import type { ActionnerExample } from '@falco-talon/core';
import type { Parameters } from './parameters.ts';

type Example = ActionnerExample<Parameters>;

export const examples: readonly [Example, ...Example[]] = [
  {
    description: 'Keep the workload from the remote address, and from nothing else',
    parameters: { allow_cidr: ['0.0.0.0/0', '::/0'], allow_namespaces: [], order: 0 },
  },
  {
    description: 'Leave the workload only its database, DNS and the pods of its own and the monitoring namespace',
    parameters: { allow_cidr: ['192.0.2.0/24'], allow_namespaces: ['shop', 'monitoring'], order: 10 },
  },
];
