import { defineContext } from '@falco-talon/core';
import { kubernetes, NODES } from '@falco-talon/client-kubernetes';
import { nodeFacts, type Node } from './node-facts.ts';
import { nodeOfEvent } from './node-of-event.ts';

export const k8snode = defineContext({
  name: 'k8snode',
  description: 'Facts about the node the pod of the alert runs on, or the host the alert comes from.',
  uses: { kubernetes },
  elements: {
    'node.hostname': 'The label kubernetes.io/hostname, else the name of the node.',
    'node.instancetype':
      'The label node.kubernetes.io/instance-type (or its beta name): the machine type of the cloud.',
    'node.role':
      'The label kubernetes.io/role, else what follows node-role.kubernetes.io/; several roles are sorted and joined by commas.',
    'node.topology.region': 'The label topology.kubernetes.io/region (or its beta name).',
    'node.topology.zone': 'The label topology.kubernetes.io/zone (or its beta name).',
    'node.spec.providerid': 'spec.providerID: how the cloud names the machine.',
  },
  aliases: { 'node.spec.providedid': 'node.spec.providerid' },
  permissions: [
    { kind: 'kubernetes', apiGroup: '', resources: ['pods'], verbs: ['get'], when: 'alerts about pods' },
    { kind: 'kubernetes', apiGroup: '', resources: ['nodes'], verbs: ['get'] },
  ],

  async fetch({ event, reads, signal }) {
    const name = await nodeOfEvent(event, reads.kubernetes, signal);
    return nodeFacts(await reads.kubernetes.get<Node>(NODES, { name }, { signal }));
  },
});
