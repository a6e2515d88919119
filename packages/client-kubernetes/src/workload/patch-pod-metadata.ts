import { isTalonError } from '@falco-talon/core';
import { kubernetesFailure } from '../failure.ts';
import { PODS, type Kubernetes, type KubernetesObject } from '../kubernetes.ts';
import { FIELD_MANAGER } from './marks.ts';
import { readPod, type PodTarget } from './read-pod.ts';

export type MetadataKind = 'labels' | 'annotations';
export type MetadataPatch = { readonly [K in MetadataKind]?: Readonly<Record<string, string | null>> };

/**
 * Sets labels or annotations of the pod an alert is about, `null` removes one: one merge patch, so that absent keys, a pod
 * without any, `/` and `~` in keys are nothing special. When the alert tells the uid the patch carries it: the API server
 * refuses to change a uid, so a pod re-created under the same name is left alone.
 * @throws TalonError `target_gone` when the pod is gone or re-created
 */
export async function patchPodMetadata<T extends KubernetesObject = KubernetesObject>(
  kubernetes: Pick<Kubernetes, 'get' | 'patch'>,
  target: PodTarget,
  metadata: MetadataPatch,
  signal: AbortSignal,
): Promise<T> {
  const name = { namespace: target.namespace, name: target.name };
  const patch = (uid: string | undefined): Promise<T> =>
    kubernetes.patch<T>(
      PODS,
      name,
      { type: 'merge', body: { metadata: uid === undefined ? metadata : { uid, ...metadata } } },
      { signal, fieldManager: FIELD_MANAGER },
    );
  try {
    return await patch(target.uid);
  } catch (error) {
    if (isTalonError(error) && error.code === 'outcome_unknown') {
      // Before anything is repeated: it may be done, and the pod may be another one.
      const pod = await readPod<T>(kubernetes, target, signal);
      if (isAsWanted(pod, metadata)) return pod;
      throw error;
    }
    if (target.uid === undefined || !mayBeOtherUid(error)) throw error;
    const pod = await readPod(kubernetes, target, signal);
    if (pod.metadata.uid === target.uid) throw error;
    return patch(pod.metadata.uid); // a static pod: the alert's uid is the kubelet's, not the API's
  }
}

function isAsWanted(pod: KubernetesObject, wanted: MetadataPatch): boolean {
  return (['labels', 'annotations'] as const).every((kind) =>
    Object.entries(wanted[kind] ?? {}).every(([key, value]) => {
      const there = pod.metadata[kind] ?? {};
      return value === null ? !Object.hasOwn(there, key) : Object.hasOwn(there, key) && there[key] === value;
    }),
  );
}

/** A uid that differs is a 422 about `metadata.uid`; a pod replaced during the call is a 409. */
function mayBeOtherUid(error: unknown): boolean {
  if (isTalonError(error) && error.code === 'conflict') return true;
  return kubernetesFailure(error)?.causes.some(({ field }) => field === 'metadata.uid') ?? false;
}
