import { defineActionner, isTalonError, POD_FIELDS, podTarget, strictObject, Type } from '@falco-talon/core';
import { FIELD_MANAGER, kubernetes, NODES } from '@falco-talon/client-kubernetes';
import { nodeOfPod, nodeText } from '../pod/node-of-pod.ts';
import { wasCordoned, type Node } from './already-cordoned.ts';
import { examples } from './examples.ts';

export const cordon = defineActionner({
  name: 'cordon',
  description: 'Marks the node the pod runs on as unschedulable. What runs on it goes on.',
  stability: 'stable',
  sources: ['syscall', 'k8s_audit'],
  continue: true,
  output: 'none',
  parameters: strictObject({}),
  uses: { kubernetes },
  facts: strictObject({ node: Type.String() }),
  requiredFields: POD_FIELDS,
  // A repeat does no harm to the node that was found first; the pod may run on another one by then.
  idempotent: false,
  destructive: true,
  permissions: [
    { kind: 'kubernetes', apiGroup: '', resources: ['pods'], verbs: ['get'] },
    { kind: 'kubernetes', apiGroup: '', resources: ['nodes'], verbs: ['patch'] },
    {
      kind: 'kubernetes',
      apiGroup: '',
      resources: ['nodes'],
      verbs: ['get'],
      when: 'an attempt was interrupted, or its answer was lost',
    },
  ],
  examples,

  // Not the node: the alert's hostname may be any text, with audit alerts it is that of Falco's own pod. Two cordons of one
  // node at the same moment do no harm.
  target: ({ event }) => podTarget(event),

  async check({ event, reads, signal }) {
    return { facts: { node: await nodeOfPod(reads.kubernetes, podTarget(event), signal) } };
  },

  async preview({ event, facts }) {
    return `would cordon ${nodeText(facts.node, podTarget(event))}`;
  },

  async run({ event, facts, clients, signal }) {
    const target = podTarget(event);
    const node = await clients.kubernetes.patch<Node>(
      NODES,
      { name: facts.node },
      { type: 'merge', body: { spec: { unschedulable: true } } },
      { signal, fieldManager: FIELD_MANAGER },
    );
    const what = nodeText(facts.node, target);
    return {
      status: 'success',
      message: wasCordoned(node) ? `${what} was cordoned already` : `cordoned ${what}`,
      objects: { pod: target.name, namespace: target.namespace, node: facts.node },
    };
  },

  async settled({ facts, reads, signal }) {
    try {
      const node = await reads.kubernetes.get(NODES, { name: facts.node }, { signal });
      return node.spec?.['unschedulable'] === true ? 'done' : 'again';
    } catch (error) {
      if (isTalonError(error) && error.code === 'target_gone') return 'done';
      throw error;
    }
  },
});
