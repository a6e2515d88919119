import {
  defineActionner,
  isTalonError,
  podTarget,
  strictObject,
  targetText,
  Type,
  type Result,
} from '@falco-talon/core';
import { kubernetes, PODS, type Kubernetes } from '@falco-talon/client-kubernetes';
import { isMirrorPod } from '../pod/pod.ts';
import { readPod, recreated, type PodTarget } from '../pod/read-pod.ts';
import { differences } from './differences.ts';
import { examples } from './examples.ts';
import { hasGuard, ignoredText, MIRROR_POD, refusal, tallyReplicas, tallySchema, tooFewLeft } from './guards.ts';
import { minimumIssues } from './minimum.ts';
import { parameters } from './parameters.ts';
import { REPLICA_PERMISSIONS } from './replicas.ts';
import { unseenOf } from './unseen-terminations.ts';

export const terminate = defineActionner({
  name: 'terminate',
  description: 'Deletes the pod.',
  stability: 'stable',
  sources: ['syscall'],
  continue: false,
  output: 'none',
  parameters,
  uses: { kubernetes },
  facts: strictObject({
    uid: Type.String(),
    terminating: Type.Optional(Type.Boolean()),
    tally: Type.Optional(tallySchema),
  }),
  requiredFields: ['k8s.pod.name', 'k8s.ns.name'],
  idempotent: false,
  destructive: true,
  permissions: [
    { kind: 'kubernetes', apiGroup: '', resources: ['pods'], verbs: ['get', 'delete'] },
    ...REPLICA_PERMISSIONS,
  ],
  examples,
  differences,

  validate: ({ min_healthy_replicas: minimum }) => minimumIssues(minimum),

  target: ({ event }) => podTarget(event),

  async check({ event, parameters, reads, signal, now }) {
    const target = podTarget(event);
    if (target.uid !== undefined && !hasGuard(parameters)) return { facts: { uid: target.uid } };
    const pod = await readPod(reads.kubernetes, target, signal);
    const reason = refusal(pod, parameters);
    if (reason !== undefined) return { ignored: ignoredText(target, reason) };
    const facts = { uid: pod.metadata.uid, terminating: pod.metadata.deletionTimestamp !== undefined };
    const minimum = parameters.min_healthy_replicas;
    if (minimum === undefined) return { facts };
    const tally = await tallyReplicas(pod, target, minimum, reads.kubernetes, { signal, now });
    if (typeof tally === 'string') return { ignored: ignoredText(target, tally) };
    const tooFew = tooFewLeft(tally, 0);
    return tooFew === undefined ? { facts: { ...facts, tally } } : { ignored: ignoredText(target, tooFew) };
  },

  async preview({ event, parameters, reads, signal }) {
    const target = podTarget(event);
    const pod = await readPod(reads.kubernetes, target, signal);
    if (isMirrorPod(pod)) return ignoredText(target, MIRROR_POD);
    return `would delete ${targetText(target)} (uid ${pod.metadata.uid})${graceText(parameters.grace_period_seconds)}`;
  },

  async run({ event, parameters, facts, clients, signal, now }) {
    const target = podTarget(event);
    const { tally } = facts;
    const unseen = unseenOf(clients.kubernetes);
    const tooFew = tally === undefined ? undefined : tooFewLeft(tally, unseen.others(tally, facts.uid, now()));
    if (tooFew !== undefined) {
      return { status: 'ignored', message: ignoredText(target, `${tooFew} (others are being terminated)`) };
    }
    if (tally !== undefined && tally.takes > 0) unseen.add(tally, facts.uid, now());
    try {
      await clients.kubernetes.delete(
        PODS,
        { namespace: target.namespace, name: target.name },
        {
          signal,
          uid: facts.uid,
          ...(parameters.grace_period_seconds === undefined
            ? {}
            : { gracePeriodSeconds: parameters.grace_period_seconds }),
        },
      );
    } catch (error) {
      if (tally !== undefined && hadNoEffect(error)) unseen.remove(tally, facts.uid);
      return explainConflict(error, clients.kubernetes, target, facts.uid, signal);
    }
    const again = facts.terminating === true ? ', which was terminating already' : '';
    return {
      status: 'success',
      message: `deleted ${targetText(target)}${graceText(parameters.grace_period_seconds)}${again}`,
      objects: { pod: target.name, namespace: target.namespace },
    };
  },

  async settled({ event, parameters, facts, reads, signal }) {
    const { namespace, name } = podTarget(event);
    try {
      const { metadata } = await reads.kubernetes.get(PODS, { namespace, name }, { signal });
      if (metadata.uid !== facts.uid) return 'done';
      if (metadata.deletionTimestamp === undefined) return 'again';
      // Somebody else may have begun to delete it before; one more request counts only when it asks for less grace.
      const grace = parameters.grace_period_seconds ?? Infinity;
      return grace < (metadata.deletionGracePeriodSeconds ?? 0) ? 'again' : 'done';
    } catch (error) {
      if (isTalonError(error) && error.code === 'target_gone') return 'done';
      throw error;
    }
  },
});

/** A refused precondition only says that the uid differs; one more call tells what stands there now. */
async function explainConflict(
  error: unknown,
  client: Pick<Kubernetes, 'get'>,
  target: PodTarget,
  uid: string,
  signal: AbortSignal,
): Promise<Result> {
  if (!isTalonError(error) || error.code !== 'conflict') throw error;
  const { namespace, name } = target;
  const pod = await readPod(client, { kind: 'pod', namespace, name }, signal);
  if (isMirrorPod(pod)) return { status: 'ignored', message: ignoredText(target, MIRROR_POD) };
  throw pod.metadata.uid === uid ? error : recreated(target, pod, uid);
}

/** An answer that was never heard may have been a yes. */
function hadNoEffect(error: unknown): boolean {
  return isTalonError(error) && !['outcome_unknown', 'timeout', 'aborted'].includes(error.code);
}

function graceText(seconds: number | undefined): string {
  if (seconds === undefined) return '';
  return seconds === 0 ? ' at once' : ` with ${seconds} s of grace`;
}
