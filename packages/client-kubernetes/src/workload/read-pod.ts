import { TalonError, targetText, type Target } from '@falco-talon/core';
import { PODS, type KubernetesObject, type KubernetesReads } from '../kubernetes.ts';

export type PodTarget = Target & { readonly namespace: string };

/**
 * The pod an alert is about. Through a read view it costs one call an event, however many ask.
 * @throws TalonError `target_gone` when there is none, or only another one of the same name
 */
export async function readPod<T extends KubernetesObject = KubernetesObject>(
  reads: Pick<KubernetesReads, 'get'>,
  target: PodTarget,
  signal: AbortSignal,
): Promise<T> {
  const pod = await reads.get<T>(PODS, { namespace: target.namespace, name: target.name }, { signal });
  if (target.uid !== undefined && !hasUid(pod, target.uid)) throw recreated(target, pod, target.uid);
  return pod;
}

/**
 * Whether this is the pod an alert's `k8s.pod.uid` means. Falco reads the uid from the container runtime, where a static
 * pod has the kubelet's own uid; its mirror in the API has another one and keeps the kubelet's as an annotation.
 */
function hasUid(pod: KubernetesObject, uid: string): boolean {
  return pod.metadata.uid === uid || pod.metadata.annotations?.['kubernetes.io/config.hash'] === uid;
}

/** The failure of an action whose object was replaced by another one of the same name. */
export function recreated(target: Target, there: KubernetesObject, uid: string): TalonError {
  return new TalonError(
    'target_gone',
    `${targetText(target)} was re-created under the same name: uid ${uid} is gone, the one there now is ${there.metadata.uid}`,
  );
}
