import { podTarget, TalonError, targetText, type FalcoEvent } from '@falco-talon/core';
import type { KubernetesObject, KubernetesReads } from '../kubernetes.ts';
import { policySubject, type PolicySubject } from './policy-subject.ts';
import { readPod, type PodTarget } from './read-pod.ts';
import type { LabelSelector } from './selector.ts';
import { addressOfEvent, canonicalAddress, hostRange } from './remote-address.ts';
import type { WhyProtected } from './protected-replica.ts';
import { workloadOf } from './workload.ts';

/** A pod with the part a policy of its network is about. */
export interface NetworkPod extends KubernetesObject {
  readonly spec?: Readonly<Record<string, unknown>> & { readonly hostNetwork?: boolean };
  readonly status?: Readonly<Record<string, unknown>> & {
    readonly podIPs?: readonly { readonly ip?: string }[];
    readonly hostIPs?: readonly { readonly ip?: string }[];
  };
}

/** Which workload is to be kept from which address. */
export interface DenyPlan extends PolicySubject {
  readonly target: PodTarget;
  readonly pod: NetworkPod;
  readonly address: string;
  /** The address as a range: `/32` or `/128`. */
  readonly range: string;
  /** Addresses the pod and its node have, canonical. */
  readonly own: { readonly pod: readonly string[]; readonly node: readonly string[] };
}

export interface DenyInput {
  readonly event: FalcoEvent;
  readonly reads: { readonly kubernetes: KubernetesReads };
  readonly whyProtected: WhyProtected;
  readonly signal: AbortSignal;
  /** Characters the resource puts before the name of the policy. Default 0. */
  readonly room?: number;
  /** Why a selector cannot be used, if so: the pod alone is meant then. */
  readonly unfit?: (selector: LabelSelector) => string | undefined;
}

/**
 * Two calls, remembered by the read view: the pod and its owner. Nothing is sent for an address that cannot be denied.
 * @throws TalonError `invalid_value`, `target_gone`, or `unsupported` where no policy has an effect
 */
export async function planDeny({ event, reads, whyProtected, signal, room = 0, unfit }: DenyInput): Promise<DenyPlan> {
  const target = podTarget(event);
  const address = addressOfEvent(event);
  const pod = await readPod<NetworkPod>(reads.kubernetes, target, signal);
  refuseHostNetwork(pod, target);
  const own = { pod: addresses(pod.status?.podIPs), node: addresses(pod.status?.hostIPs) };
  if (own.pod.includes(address)) {
    throw new TalonError(
      'invalid_value',
      `${address} is the address of ${targetText(target)} itself: fd.sip of a connection that came in; fd.rip names the other side`,
    );
  }
  const workload = await workloadOf(pod, target.namespace, reads.kubernetes, whyProtected, signal);
  const reason = typeof workload === 'object' ? unfit?.(workload.selector) : undefined;
  return { ...policySubject(target, reason ?? workload, room), target, pod, address, range: hostRange(address), own };
}

/** @throws TalonError `unsupported`: policies do not reach what runs in its node's network */
export function refuseHostNetwork(pod: NetworkPod, target: PodTarget): void {
  if (pod.spec?.hostNetwork !== true) return;
  const message = `${targetText(target)} uses its node's network, where a network policy has no effect`;
  throw new TalonError('unsupported', message);
}

function addresses(listed: readonly { readonly ip?: string }[] | undefined): readonly string[] {
  return (listed ?? []).flatMap(({ ip }) => (typeof ip === 'string' ? (canonicalAddress(ip) ?? []) : []));
}
