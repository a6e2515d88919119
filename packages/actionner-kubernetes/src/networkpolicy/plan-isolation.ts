import { podTarget, type Scope, type FalcoEvent } from '@falco-talon/core';
import {
  NETWORK_POLICIES,
  policySubject,
  refuseForeign,
  workloadOf,
  type KubernetesReads,
  type PolicySubject,
  type WhyProtected,
} from '@falco-talon/client-kubernetes';
import type { Pod } from '../pod/pod.ts';
import { readPod, type PodTarget } from '../pod/read-pod.ts';
import type { Parameters } from './parameters.ts';
import type { NetworkPolicy } from './policy.ts';

export interface Isolation extends PolicySubject {
  readonly target: PodTarget;
  /** True when a policy of that name, made by Falco Talon, is there already. */
  readonly exists: boolean;
  /** All policies of the namespace. */
  readonly policies: readonly NetworkPolicy[];
  /** Known already with `scope: workload`. */
  readonly pod: Pod | undefined;
}

export interface PlanInput extends Pick<Scope, 'signal'> {
  readonly event: FalcoEvent;
  readonly parameters: Pick<Parameters, 'scope'>;
  readonly reads: { readonly kubernetes: KubernetesReads };
  readonly whyProtected: WhyProtected;
}

/**
 * What is to be selected and under which name: one call for `scope: pod`, three for `workload`. The read view remembers
 * them, so asking again for the same event costs nothing.
 * @throws TalonError `refused` when somebody else's policy has that name
 */
export async function planIsolation(input: PlanInput): Promise<Isolation> {
  const { event, parameters, reads, whyProtected, signal } = input;
  const target = podTarget(event);
  const pod = parameters.scope === 'workload' ? await readPod(reads.kubernetes, target, signal) : undefined;
  const workload = pod && (await workloadOf(pod, target.namespace, reads.kubernetes, whyProtected, signal));
  const subject = policySubject(target, workload);

  const policies = await reads.kubernetes.list<NetworkPolicy>(NETWORK_POLICIES, {
    namespace: target.namespace,
    signal,
  });
  const existing = policies.find(({ metadata }) => metadata.name === subject.policy);
  if (existing) refuseForeign(existing, 'NetworkPolicy');
  return { ...subject, target, exists: existing !== undefined, policies, pod };
}
