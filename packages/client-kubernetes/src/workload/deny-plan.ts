import { podTarget, TalonError, targetText, type FalcoEvent, type StepNames } from '@falco-talon/core';
import type { Kubernetes, KubernetesObject, KubernetesReads, Resource } from '../kubernetes.ts';
import { isManaged, MANAGED_BY, noteOfOrigin } from './marks.ts';
import { mergeObject, type Body, type Merged } from './merge-object.ts';
import { patchPodMetadata } from './patch-pod-metadata.ts';
import { podMark, policySubject, type PolicySubject } from './policy-subject.ts';
import { POD_LABEL } from './policy-name.ts';
import { readPod, type PodTarget } from './read-pod.ts';
import { addressOfEvent, canonicalAddress, hostRange } from './remote-address.ts';
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
  readonly signal: AbortSignal;
  /** Characters the resource puts before the name of the policy. Default 0. */
  readonly room?: number;
}

/**
 * Two calls, remembered by the read view: the pod and its owner. Nothing is sent for an address that cannot be denied.
 * @throws TalonError `invalid_value`, `target_gone`, or `unsupported` where no policy has an effect
 */
export async function planDeny({ event, reads, signal, room = 0 }: DenyInput): Promise<DenyPlan> {
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
  const workload = await workloadOf(pod, target.namespace, reads.kubernetes, signal);
  return { ...policySubject(target, workload, room), target, pod, address, range: hostRange(address), own };
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

/** @throws TalonError `refused` for a policy that was not made here */
export function refuseForeign(policy: KubernetesObject, kind: string, managed = isManaged(policy)): void {
  if (managed) return;
  const { namespace = '', name } = policy.metadata;
  throw new TalonError(
    'refused',
    `the ${kind} ${namespace}/${name} exists and was not made by Falco Talon: it has no label app.kubernetes.io/managed-by=falco-talon; rename or remove it`,
  );
}

/** The metadata of a policy made here: what others put there stays. */
export function policyMetadata(
  name: Readonly<{ namespace: string; name: string }>,
  current: KubernetesObject | undefined,
  origin: { readonly step: StepNames; readonly event: FalcoEvent },
): Readonly<Record<string, unknown>> {
  const { managedFields: _owners, ...kept } = (current?.metadata ?? {}) as Readonly<Record<string, unknown>>;
  return {
    ...kept,
    ...name,
    labels: { ...current?.metadata.labels, ...MANAGED_BY },
    annotations: { ...current?.metadata.annotations, ...noteOfOrigin(origin.step, origin.event) },
  };
}

export interface DenyWrite {
  readonly kubernetes: Kubernetes;
  readonly resource: Resource;
  /** Name of the stored policy. */
  readonly name: string;
  readonly change: (current: KubernetesObject | undefined) => Body | undefined;
  /** What has to hold before a write. */
  readonly prepare?: (signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Writes the policy, and marks the pod when the policy is about it alone. */
export async function writeDeny(plan: DenyPlan, write: DenyWrite): Promise<Merged> {
  const { kubernetes, resource, change, signal } = write;
  const { target, pod } = plan;
  const mark = podMark(target);
  let marked = plan.workload !== undefined || pod.metadata.labels?.[POD_LABEL] === mark[POD_LABEL];
  const markPod = async () => {
    if (marked) return;
    await patchPodMetadata(kubernetes, target, { labels: mark }, signal);
    marked = true;
  };
  const name = { namespace: target.namespace, name: write.name };
  const merged = await mergeObject(kubernetes, resource, name, {
    change,
    signal,
    prepare: async () => {
      await write.prepare?.(signal);
      await markPod();
    },
  });
  // A pod of the same name as an earlier one: the policy is there, the mark is not.
  await markPod();
  return merged;
}

/** `Deployment web of pod shop/web-x2x9z`, `pod shop/cart (only the pod: it has no owner)`. */
export function subjectText({ workload, target, remark }: DenyPlan): string {
  return workload === undefined ? `${targetText(target)}${remark}` : `${workload} of ${targetText(target)}`;
}
