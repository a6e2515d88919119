import { targetText, type FalcoEvent, type Result, type StepNames } from '@falco-talon/core';
import type { Kubernetes, KubernetesObject, KubernetesReads, Resource } from '../kubernetes.ts';
import { withDenied } from './denied.ts';
import type { DenyPlan } from './deny-plan.ts';
import { isManaged, MANAGED_BY, noteOfOrigin, refuseForeign } from './marks.ts';
import { mergeObject, type Body, type Merged } from './merge-object.ts';
import { patchPodMetadata } from './patch-pod-metadata.ts';
import { POD_LABEL } from './policy-name.ts';
import { podMark } from './policy-subject.ts';
import { readIfThere } from './read-if-there.ts';
import { sameContent } from './same-content.ts';

/** A policy that denies addresses, as one network plugin has it. */
export interface DenyPolicy {
  readonly resource: Resource;
  /** How people call the kind. */
  readonly kind: string;
  /** The name it is asked for by. */
  readonly name: string;
  /** Ranges a stored policy denies. Nobody may have checked what is stored. */
  denied(policy: KubernetesObject): readonly string[];
  /** The whole spec, with these ranges denied. */
  spec(denied: readonly string[]): Readonly<Record<string, unknown>>;
  /** Default: by the label every object made here carries. */
  isOurs?(policy: KubernetesObject): boolean;
  /** What has to hold before a further address is written. */
  refuse?(signal: AbortSignal): Promise<void>;
}

export interface DenyOrigin {
  readonly event: FalcoEvent;
  readonly step: StepNames;
}

/** What `applyDeny` would do: one call, and what `refuse` needs. */
export async function previewDeny(
  plan: DenyPlan,
  policy: DenyPolicy,
  reads: Pick<KubernetesReads, 'get'>,
  signal: AbortSignal,
): Promise<string> {
  const name = { namespace: plan.target.namespace, name: policy.name };
  const current = await readIfThere(reads, policy.resource, name, signal);
  if (specToWrite(plan, policy, current) === undefined) return denyText(plan, policy, 'is denied already by the');
  await policy.refuse?.(signal);
  return denyText(plan, policy, current === undefined ? 'would be denied by a new' : 'would be denied by the');
}

const EFFECTS: Readonly<Record<Merged, string>> = {
  created: 'is denied by the new',
  changed: 'is denied by the',
  unchanged: 'was denied already by the',
};

/**
 * Adds the address to the workload's policy, which is made when there is none; marks the pod when the policy is about it
 * alone. Two calls, one when the address is denied already, and what `refuse` needs.
 * @throws TalonError `refused` for a policy of somebody else, `too_large`, `conflict`
 */
export async function applyDeny(
  plan: DenyPlan,
  policy: DenyPolicy,
  kubernetes: Kubernetes,
  origin: DenyOrigin,
  signal: AbortSignal,
): Promise<Result> {
  const { target, pod } = plan;
  const { resource } = policy;
  const name = { namespace: target.namespace, name: policy.name };
  const mark = podMark(target);
  let marked = plan.workload !== undefined || pod.metadata.labels?.[POD_LABEL] === mark[POD_LABEL];
  const markPod = async () => {
    if (marked) return;
    await patchPodMetadata(kubernetes, target, { labels: mark }, signal);
    marked = true;
  };
  const merged = await mergeObject(kubernetes, resource, name, {
    signal,
    change(current) {
      const spec = specToWrite(plan, policy, current);
      return spec && body(policy, name, current, origin, spec);
    },
    async prepare() {
      await policy.refuse?.(signal);
      await markPod();
    },
  });
  // A new pod of an old name: the policy is there, the mark is not.
  await markPod();
  return {
    status: 'success',
    message: denyText(plan, policy, EFFECTS[merged]),
    objects: { pod: target.name, namespace: target.namespace, [resource.kind.toLowerCase()]: policy.name },
  };
}

/** Undefined when the policy says all that already. */
function specToWrite(
  plan: DenyPlan,
  policy: DenyPolicy,
  current: KubernetesObject | undefined,
): Readonly<Record<string, unknown>> | undefined {
  if (current !== undefined) refuseForeign(current, policy.kind, policy.isOurs?.(current) ?? isManaged(current));
  const denied = withDenied(current === undefined ? [] : policy.denied(current), plan.range, policy.name);
  const spec = policy.spec(denied);
  return current !== undefined && sameContent(current.spec, spec) ? undefined : spec;
}

/** What others put into the metadata stays there. */
function body(
  { resource }: DenyPolicy,
  name: Readonly<{ namespace: string; name: string }>,
  current: KubernetesObject | undefined,
  { step, event }: DenyOrigin,
  spec: Readonly<Record<string, unknown>>,
): Body {
  const { managedFields: _owners, ...kept } = (current?.metadata ?? {}) as Readonly<Record<string, unknown>>;
  return {
    apiVersion: `${resource.group}/${resource.version}`,
    kind: resource.kind,
    metadata: {
      ...kept,
      ...name,
      labels: { ...current?.metadata.labels, ...MANAGED_BY },
      annotations: { ...current?.metadata.annotations, ...noteOfOrigin(step, event) },
    },
    spec,
  };
}

/** `egress to 192.0.2.1/32 of Deployment web of pod shop/web-x2x9z is denied by the new CiliumNetworkPolicy …`. */
function denyText({ range, workload, target, remark }: DenyPlan, { kind, name }: DenyPolicy, does: string): string {
  const what = workload === undefined ? `${targetText(target)}${remark}` : `${workload} of ${targetText(target)}`;
  return `egress to ${range} of ${what} ${does} ${kind} ${name}`;
}
