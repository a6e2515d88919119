import { isTalonError } from '@falco-talon/core';
import {
  REPLICA_SETS,
  REPLICATION_CONTROLLERS,
  STATEFUL_SETS,
  type KubernetesObject,
  type KubernetesReads,
} from '../kubernetes.ts';
import { controllerOf, ownerText, workloadResource } from './owner.ts';
import { protectedReplica, type WhyProtected } from './protected-replica.ts';
import { isEmptySelector, selects, withoutKey, type LabelSelector } from './selector.ts';

export interface Workload {
  readonly kind: string;
  readonly name: string;
  readonly selector: LabelSelector;
}

/** Keys by which a controller tells its ReplicaSets apart: a selector that keeps them ends with the next rollout. */
const ROLLOUT_KEYS: Readonly<Record<string, string>> = {
  Deployment: 'pod-template-hash',
  Rollout: 'rollouts-pod-template-hash', // Argo Rollouts
};

/**
 * The workload a pod belongs to, and the selector of all its pods: one call.
 * @returns the reason when there is none, its selector cannot be known, or another of its pods is protected
 */
export async function workloadOf(
  pod: KubernetesObject,
  namespace: string,
  reads: Pick<KubernetesReads, 'get'>,
  whyProtected: WhyProtected,
  signal: AbortSignal,
): Promise<Workload | string> {
  const reference = controllerOf(pod);
  if (reference === undefined) return 'it has no owner';
  const resource = workloadResource(reference);
  if (resource === undefined) return `its owner ${ownerText(reference)} is of a kind whose selector is not known`;
  try {
    const owner = await reads.get(resource, { namespace, name: reference.name }, { signal });
    if (owner.metadata.uid !== reference.uid)
      return `its owner ${ownerText(reference)} was re-created under the same name`;
    const above = resource === REPLICA_SETS ? controllerOf(owner) : undefined;
    const rolloutKey = above === undefined ? undefined : ROLLOUT_KEYS[above.kind];
    const own = selectorOf(owner, resource === REPLICATION_CONTROLLERS);
    const selector = rolloutKey === undefined ? own : withoutKey(own, rolloutKey);
    // An empty selector would select every pod of the namespace.
    if (isEmptySelector(selector)) return `the selector of its owner ${ownerText(reference)} is empty`;
    // References and labels are whatever their writer chose: a policy for others would leave this pod out.
    if (!selects(own, pod.metadata.labels ?? {}))
      return `the selector of its owner ${ownerText(reference)} leaves it out`;
    const kept = resource === STATEFUL_SETS ? protectedReplica(owner, namespace, whyProtected) : undefined;
    if (kept !== undefined) return `its owner ${ownerText(reference)} has a pod to be left alone: ${kept}`;
    const { kind, name } = rolloutKey === undefined || above === undefined ? reference : above;
    return { kind, name, selector };
  } catch (error) {
    if (isTalonError(error) && error.code === 'target_gone') return `its owner ${ownerText(reference)} is gone`;
    throw error;
  }
}

/** A ReplicationController's selector is a plain map of labels. */
function selectorOf(owner: KubernetesObject, plain: boolean): LabelSelector {
  const selector = owner.spec?.['selector'] ?? {};
  return plain ? { matchLabels: selector as Readonly<Record<string, string>> } : (selector as LabelSelector);
}
