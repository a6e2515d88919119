import type { ActionnerExample } from '@falco-talon/core';
import type { Parameters } from './parameters.ts';

type Example = ActionnerExample<Parameters>;

export const examples: readonly [Example, ...Example[]] = [
  {
    description: 'Cut off the pod: nothing leaves it any more, DNS included',
    parameters: { allow_cidr: [], allow_namespaces: [], scope: 'pod' },
  },
  {
    description:
      'Cut off every pod of the workload, but let it reach its own network and the DNS and monitoring namespaces',
    parameters: {
      allow_cidr: ['10.0.0.0/8', 'fd00::/8'],
      allow_namespaces: ['kube-system', 'monitoring'],
      scope: 'workload',
    },
  },
];
