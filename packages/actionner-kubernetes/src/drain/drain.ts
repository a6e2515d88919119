import {
  defineActionner,
  isTalonError,
  POD_FIELDS,
  podTarget,
  strictObject,
  TalonError,
  Type,
} from '@falco-talon/core';
import {
  FIELD_MANAGER,
  kubernetes,
  kubernetesFailure,
  NODES,
  PODS,
  type Kubernetes,
} from '@falco-talon/client-kubernetes';
import { wasCordoned, type Node } from '../cordon/already-cordoned.ts';
import { nodeOfPod, nodeText } from '../pod/node-of-pod.ts';
import type { Pod } from '../pod/pod.ts';
import { minimumIssues } from '../terminate/minimum.ts';
import { REPLICA_PERMISSIONS } from '../terminate/replicas.ts';
import { UnseenTerminations } from '../terminate/unseen-terminations.ts';
import { drainNode } from './drain-node.ts';
import { differences } from './differences.ts';
import { examples } from './examples.ts';
import { fateText, isProblem, problemCode, problemText, summary } from './fates.ts';
import { contradiction, ignoresErrors, parameters, waitSeconds, type Parameters } from './parameters.ts';
import { podText, sortPods } from './sort-pods.ts';

/** Beside the wait: to cordon, list, and ask for a few hundred evictions. */
const WORK_TIME = 60_000;
const SHOWN = 20;

export const drain = defineActionner({
  name: 'drain',
  description: 'Cordons the node the pod runs on and evicts the pods that are on it.',
  stability: 'stable',
  sources: ['syscall', 'k8s_audit'],
  continue: true,
  output: 'none',
  parameters,
  uses: { kubernetes },
  facts: strictObject({
    node: Type.String(),
    /** Absent in what was written before it was looked at. */
    uid: Type.Optional(Type.String()),
  }),
  requiredFields: POD_FIELDS,
  // A repeat does no harm, but the check would not find the pod of the alert any more: it goes on with the node it knows.
  idempotent: false,
  destructive: true,
  permissions: [
    { kind: 'kubernetes', apiGroup: '', resources: ['pods'], verbs: ['get', 'list'] },
    { kind: 'kubernetes', apiGroup: '', resources: ['pods'], verbs: ['watch'], when: 'max_wait_period is not 0' },
    { kind: 'kubernetes', apiGroup: '', resources: ['nodes'], verbs: ['get', 'patch'] },
    { kind: 'kubernetes', apiGroup: '', resources: ['pods/eviction'], verbs: ['create'] },
    ...REPLICA_PERMISSIONS,
  ],
  examples,
  differences,

  validate: (parameters) => [...minimumIssues(parameters.min_healthy_replicas), ...contradiction(parameters)],

  // Not the node, which the alert does not tell for sure. Two drains of one node do no more than one.
  target: ({ event }) => podTarget(event),

  timeLimit: (parameters) => WORK_TIME + waitSeconds(parameters) * 1000,

  async check({ event, reads, signal }) {
    const name = await nodeOfPod(reads.kubernetes, podTarget(event), signal);
    const { metadata } = await reads.kubernetes.get(NODES, { name }, { signal });
    return { facts: { node: metadata.name, uid: metadata.uid } };
  },

  async preview({ event, parameters, facts, reads, whyProtected, signal, now }) {
    const pods = await reads.kubernetes.list<Pod>(PODS, { fieldSelector: `spec.nodeName=${facts.node}`, signal });
    const sorted = await sortPods(pods, {
      parameters,
      reads: reads.kubernetes,
      whyProtected,
      unseen: new UnseenTerminations(),
      signal,
      now,
    });
    const names = sorted.evict.map(({ pod }) => podText(pod));
    const ignored = sorted.ignored.map(fateText);
    return [
      `would cordon ${nodeText(facts.node, podTarget(event))} and evict ${names.length} of its ${pods.length} pods`,
      ...(names.length === 0 ? [] : [`: ${shown(names, ', ')}`]),
      ...(ignored.length === 0 ? [] : [`; ${shown(ignored, '; ')}`]),
    ].join('');
  },

  async run({ event, parameters, facts, clients, whyProtected, signal, now, logger }) {
    const target = podTarget(event);
    const { node } = facts;
    const patched = await cordonNode(clients.kubernetes, facts, signal);
    const fates = await drainNode({ node, parameters, client: clients.kubernetes, whyProtected, signal, now });
    const cordoned = wasCordoned(patched) ? 'was cordoned already' : 'cordoned';
    const message = `${nodeText(node, target)}: ${cordoned}, ${summary(fates)}`;
    const lines = fates.map(fateText);
    if (fates.some(isProblem)) {
      const problems = `${message}; ${problemText(fates)}`;
      if (!ignoresErrors(parameters)) {
        // A failure has no output; the fate of every pod is kept all the same.
        logger.warn('node not drained', { node, pods: lines });
        throw new TalonError(problemCode(fates), problems);
      }
      return { status: 'success', message: problems, objects: objectsOf(target, node), output: lines.join('\n') };
    }
    return { status: 'success', message, objects: objectsOf(target, node), output: lines.join('\n') };
  },

  /** Whatever was begun may be gone on with. It is done when the node is cordoned and nothing on it is left to be evicted. */
  async settled({ parameters, facts, reads, whyProtected, signal, now }) {
    try {
      const node = await reads.kubernetes.get(NODES, { name: facts.node }, { signal });
      if (facts.uid !== undefined && node.metadata.uid !== facts.uid) return 'done';
      if (node.spec?.['unschedulable'] !== true) return 'again';
    } catch (error) {
      if (isTalonError(error) && error.code === 'target_gone') return 'done';
      throw error;
    }
    const pods = await reads.kubernetes.list<Pod>(PODS, { fieldSelector: `spec.nodeName=${facts.node}`, signal });
    const { evict, terminating } = await sortPods(pods, {
      parameters: withoutMinimum(parameters),
      reads: reads.kubernetes,
      whyProtected,
      unseen: new UnseenTerminations(),
      signal,
      now,
    });
    const waits = waitSeconds(parameters) > 0 && terminating.length > 0;
    return evict.length === 0 && !waits ? 'done' : 'again';
  },
});

/** The uid goes along: the API server refuses to change it, so a machine that took the name over is not drained. */
async function cordonNode(
  client: Pick<Kubernetes, 'patch'>,
  { node, uid }: { readonly node: string; readonly uid?: string },
  signal: AbortSignal,
): Promise<Node> {
  const body = { ...(uid === undefined ? {} : { metadata: { uid } }), spec: { unschedulable: true } };
  try {
    return await client.patch<Node>(
      NODES,
      { name: node },
      { type: 'merge', body },
      { signal, fieldManager: FIELD_MANAGER },
    );
  } catch (error) {
    if (!kubernetesFailure(error)?.causes.some(({ field }) => field === 'metadata.uid')) throw error;
    throw new TalonError('target_gone', `node ${node} was re-created under the same name: uid ${uid} is gone`, {
      cause: error,
    });
  }
}

/** Without min_healthy_replicas: what it kept may be evicted now. */
function withoutMinimum({ ignore_daemonsets, ignore_statefulsets }: Parameters) {
  return { ignore_daemonsets, ignore_statefulsets };
}

function objectsOf({ name, namespace }: { readonly name: string; readonly namespace: string }, node: string) {
  return { pod: name, namespace, node };
}

function shown(items: readonly string[], separator: string): string {
  const more = items.length > SHOWN ? `${separator}and ${items.length - SHOWN} more` : '';
  return `${items.slice(0, SHOWN).join(separator)}${more}`;
}
