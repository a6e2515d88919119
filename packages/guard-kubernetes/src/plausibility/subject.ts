import type { Subject, Target } from '@falco-talon/core';
import { controllerOf, workloadResource } from '@falco-talon/client-kubernetes';
import type { Pod } from './pod.ts';

/** Labels by which a controller tells its ReplicaSets apart; their names end with it. */
const ROLLOUTS: readonly (readonly [label: string, kind: string])[] = [
  ['pod-template-hash', 'deployment'],
  ['rollouts-pod-template-hash', 'rollout'], // Argo Rollouts
];
/** A CronJob's Jobs are called after it and the minute they were due at, counted from 1970. */
const DUE = /-\d{8}$/;

/** The workload on top of a pod and its node, from the pod alone: how the controllers of Kubernetes name what they make. */
export function subjectOf(pod: Pod, { namespace, name }: Target): Subject {
  const node = pod.spec?.nodeName ?? '';
  const workload = topOf(pod) ?? { kind: 'pod', name };
  return {
    workload: { ...workload, ...(namespace !== undefined && { namespace }) },
    ...(node !== '' && { node }),
  };
}

function topOf(pod: Pod): { readonly kind: string; readonly name: string } | undefined {
  const owner = controllerOf(pod);
  // A static pod's owner is its node: that is no workload.
  if (owner === undefined || owner.kind === 'Node') return undefined;
  const known = workloadResource(owner) !== undefined;
  const { name } = owner;
  if (known && owner.kind === 'ReplicaSet') {
    for (const [label, kind] of ROLLOUTS) {
      const hash = pod.metadata.labels?.[label] ?? '';
      if (hash !== '' && name.endsWith(`-${hash}`)) return { kind, name: name.slice(0, -hash.length - 1) };
    }
  }
  if (known && owner.kind === 'Job' && DUE.test(name)) return { kind: 'cronjob', name: name.replace(DUE, '') };
  return { kind: owner.kind.toLowerCase(), name };
}
