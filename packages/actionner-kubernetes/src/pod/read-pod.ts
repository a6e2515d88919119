import { TalonError, targetText, type Target } from '@falco-talon/core';
import { PODS, type KubernetesObject, type KubernetesReads } from '@falco-talon/client-kubernetes';
import { hasUid, type Pod } from './pod.ts';

export type PodTarget = Target & { readonly namespace: string };

/**
 * The pod an alert is about. Through a read view it costs one call an event, however many ask.
 * @throws TalonError `target_gone` when there is none, or only another one of the same name
 */
export async function readPod(
  reads: Pick<KubernetesReads, 'get'>,
  target: PodTarget,
  signal: AbortSignal,
): Promise<Pod> {
  const pod = await reads.get<Pod>(PODS, { namespace: target.namespace, name: target.name }, { signal });
  if (target.uid !== undefined && !hasUid(pod, target.uid)) throw recreated(target, pod, target.uid);
  return pod;
}

/** The failure of an action whose object was replaced by another one of the same name. */
export function recreated(target: Target, there: KubernetesObject, uid: string): TalonError {
  return new TalonError(
    'target_gone',
    `${targetText(target)} was re-created under the same name: uid ${uid} is gone, the one there now is ${there.metadata.uid}`,
  );
}
