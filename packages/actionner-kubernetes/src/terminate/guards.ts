import { isTalonError, strictObject, targetText, Type, type Scope, type Static, type Target } from '@falco-talon/core';
import {
  controllerOf,
  type KubernetesObject,
  type KubernetesReads,
  type OwnerReference,
  ownerText,
  workloadResource,
} from '@falco-talon/client-kubernetes';
import { isHealthy, isMirrorPod, type Pod } from '../pod/pod.ts';
import type { PodTarget } from '../pod/read-pod.ts';
import { parseMinimum, requiredReplicas } from './minimum.ts';
import type { Parameters } from './parameters.ts';
import { replicasOf } from './replicas.ts';

/** What `min_healthy_replicas` was judged by; `run` judges again when other pods of the owner went meanwhile. */
export const tallySchema = strictObject({
  owner: Type.String(),
  uid: Type.String(),
  resource_version: Type.String(),
  /** When the owner was read, in milliseconds. */
  read_at: Type.Integer(),
  /** Healthy replicas this termination takes away: 0 when the pod is not healthy itself. */
  takes: Type.Integer(),
  ready: Type.Integer(),
  desired: Type.Integer(),
  required: Type.Integer(),
});
export type Tally = Static<typeof tallySchema>;

/** Whether the pod must be read at all before it is deleted. */
export function hasGuard(parameters: Parameters): boolean {
  return (
    parameters.ignore_daemonsets ||
    parameters.ignore_statefulsets ||
    parameters.ignore_standalone_pods ||
    parameters.min_healthy_replicas !== undefined
  );
}

export const MIRROR_POD =
  'it is a mirror of a static pod: deleting it would not end the static pod, whose manifest lies on its node';

/** Why this pod must not be terminated; undefined when nothing about the pod alone speaks against it. */
export function refusal(
  pod: Pod,
  parameters: Pick<Parameters, 'ignore_daemonsets' | 'ignore_statefulsets' | 'ignore_standalone_pods'>,
): string | undefined {
  if (isMirrorPod(pod)) return MIRROR_POD;
  const owner = controllerOf(pod);
  if (owner === undefined && parameters.ignore_standalone_pods) return 'it has no owner (ignore_standalone_pods)';
  if (owner?.kind === 'DaemonSet' && parameters.ignore_daemonsets)
    return `${ownerText(owner)} owns it (ignore_daemonsets)`;
  if (owner?.kind === 'StatefulSet' && parameters.ignore_statefulsets) {
    return `${ownerText(owner)} owns it (ignore_statefulsets)`;
  }
  return undefined;
}

/**
 * Counts the replicas of the pod's owner: one call, unless `reads` has read it before.
 * @returns the reason when they cannot be counted
 */
export async function tallyReplicas(
  pod: Pod,
  target: Pick<PodTarget, 'namespace'>,
  minimum: number | string,
  reads: Pick<KubernetesReads, 'get'>,
  { signal, now }: Pick<Scope, 'signal' | 'now'>,
): Promise<Tally | string> {
  const reference = controllerOf(pod);
  if (reference === undefined) return 'it has no owner whose replicas min_healthy_replicas could count';
  const readAt = now();
  const owner = await readOwner(reference, target.namespace, reads, signal);
  const replicas = owner === undefined ? undefined : replicasOf(reference.kind, owner);
  const wanted = parseMinimum(minimum);
  if (owner === undefined || replicas === undefined || wanted === undefined) {
    return `the replicas of ${ownerText(reference)}, which owns it, cannot be counted for min_healthy_replicas`;
  }
  return {
    owner: ownerText(reference),
    uid: owner.metadata.uid,
    resource_version: owner.metadata.resourceVersion,
    read_at: readAt,
    takes: isHealthy(pod) ? 1 : 0,
    ...replicas,
    required: requiredReplicas(wanted, replicas.desired),
  };
}

/** Undefined when the kind is not one that is counted, or the owner is gone. */
async function readOwner(
  reference: OwnerReference,
  namespace: string,
  reads: Pick<KubernetesReads, 'get'>,
  signal: AbortSignal,
): Promise<KubernetesObject | undefined> {
  const resource = workloadResource(reference);
  if (resource === undefined || resource.kind === 'DaemonSet') return undefined;
  try {
    return await reads.get(resource, { namespace, name: reference.name }, { signal });
  } catch (error) {
    if (isTalonError(error) && error.code === 'target_gone') return undefined;
    throw error;
  }
}

/** Why the termination would leave too few; `others`: healthy pods of the owner that are being terminated uncounted. */
export function tooFewLeft(tally: Tally, others: number): string | undefined {
  const left = Math.max(0, tally.ready - tally.takes - others);
  if (left >= tally.required) return undefined;
  return `it would leave ${left} healthy of the ${tally.desired} replicas ${tally.owner} wants, min_healthy_replicas asks for ${tally.required}`;
}

export function ignoredText(target: Target, reason: string): string {
  return `${targetText(target)} is left alone: ${reason}`;
}
