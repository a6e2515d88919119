import type { LabelSelector } from './selector.ts';
import { podLabelValue, policyName, POD_LABEL } from './policy-name.ts';
import type { PodTarget } from './read-pod.ts';
import type { Workload } from './workload.ts';

/** Which pods a policy is about, and what it is called. */
export interface PolicySubject {
  /** Name of the policy. */
  readonly policy: string;
  readonly selector: LabelSelector;
  /** In words: `Deployment web`; undefined for the pod alone, which then has to carry `podMark`. */
  readonly workload: string | undefined;
  /** Why only the pod is meant although the workload was asked for; empty otherwise. */
  readonly remark: string;
}

/** The label by which a policy about one pod selects it. */
export function podMark(target: PodTarget): Readonly<Record<string, string>> {
  return { [POD_LABEL]: podLabelValue(target.name) };
}

/**
 * @param workload the reason why there is none, undefined when the pod alone was asked for
 * @param room characters somebody puts before the name of the policy
 */
export function policySubject(target: PodTarget, workload: Workload | string | undefined, room = 0): PolicySubject {
  if (typeof workload === 'object') {
    const { kind, name, selector } = workload;
    return { policy: policyName(kind, name, room), selector, workload: `${kind} ${name}`, remark: '' };
  }
  return {
    policy: policyName('pod', target.name, room),
    selector: { matchLabels: podMark(target) },
    workload: undefined,
    remark: workload === undefined ? '' : ` (only the pod: ${workload})`,
  };
}
