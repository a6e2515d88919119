import { defineClient, strictObject } from '@falco-talon/core';
import type { Kubernetes, KubernetesReads } from '@falco-talon/client-kubernetes';

export const kubernetes = defineClient({
  id: 'kubernetes',
  section: '',
  settings: strictObject({}),
  create: async (): Promise<Kubernetes> => {
    throw new Error('not there yet');
  },
  reads: (client, scope): KubernetesReads => client.reads(scope),
});
