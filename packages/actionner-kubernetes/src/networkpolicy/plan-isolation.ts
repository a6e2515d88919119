import { podTarget, TalonError, type Scope, type FalcoEvent } from '@falco-talon/core';
import { NETWORK_POLICIES, type KubernetesReads } from '@falco-talon/client-kubernetes';
import { isManaged } from '../marks.ts';
import type { Pod } from '../pod/pod.ts';
import { readPod, type PodTarget } from '../pod/read-pod.ts';
import type { Parameters } from './parameters.ts';
import { podLabelValue, policyName, POD_LABEL, type NetworkPolicy } from './policy.ts';
import type { LabelSelector } from './selector.ts';
import { workloadOf } from './workload.ts';

export interface Isolation {
  readonly target: PodTarget;
  /** Name of the policy. */
  readonly policy: string;
  readonly selector: LabelSelector;
  /** What is cut off, in words: `Deployment web`; undefined for the pod alone. */
  readonly workload: string | undefined;
  /** Why only the pod is cut off although the rule says `workload`; empty otherwise. */
  readonly remark: string;
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
}

/**
 * What is to be selected and under which name: one call for `scope: pod`, three for `workload`. The read view remembers
 * them, so asking again for the same event costs nothing.
 * @throws TalonError `refused` when somebody else's policy has that name
 */
export async function planIsolation({ event, parameters, reads, signal }: PlanInput): Promise<Isolation> {
  const target = podTarget(event);
  const pod = parameters.scope === 'workload' ? await readPod(reads.kubernetes, target, signal) : undefined;
  const workload = pod && (await workloadOf(pod, target.namespace, reads.kubernetes, signal));
  const found = typeof workload === 'object' ? workload : undefined;
  const policy = found ? policyName(found.kind, found.name) : policyName('pod', target.name);

  const policies = await reads.kubernetes.list<NetworkPolicy>(NETWORK_POLICIES, {
    namespace: target.namespace,
    signal,
  });
  const existing = policies.find(({ metadata }) => metadata.name === policy);
  if (existing && !isManaged(existing)) {
    throw new TalonError(
      'refused',
      `the NetworkPolicy ${target.namespace}/${policy} exists and was not made by Falco Talon: it has no label app.kubernetes.io/managed-by=falco-talon; rename or remove it`,
    );
  }
  return {
    target,
    policy,
    selector: found?.selector ?? { matchLabels: { [POD_LABEL]: podLabelValue(target.name) } },
    workload: found && `${found.kind} ${found.name}`,
    remark: typeof workload === 'string' ? ` (only the pod: ${workload})` : '',
    exists: existing !== undefined,
    policies,
    pod,
  };
}
