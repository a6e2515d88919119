import type { Target } from '@falco-talon/core';
import type { KubernetesObject } from '../kubernetes.ts';

/** Why an object is kept from an action, as `whyProtected` of its context says. */
export type WhyProtected = (object: Target) => string | undefined;

/** More replicas than this are not looked through: no StatefulSet has nearly as many, a number in an answer may be any. */
const MOST = 10_000;

/**
 * Why a pod of this StatefulSet is protected, by the names its pods have or will have: no call is needed. Pods of other
 * owners have names that nobody knows beforehand, and their namespace and kind are those of the pod the guards have judged.
 * https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#ordinal-index
 */
export function protectedReplica(
  { metadata, spec }: KubernetesObject,
  namespace: string,
  whyProtected: WhyProtected,
): string | undefined {
  const ordinals = spec?.['ordinals'] as { readonly start?: unknown } | undefined;
  const start = whole(ordinals?.start, 0);
  const replicas = Math.min(whole(spec?.['replicas'], 1), MOST);
  for (let ordinal = start; ordinal < start + replicas; ordinal++) {
    const why = whyProtected({ kind: 'pod', namespace, name: `${metadata.name}-${ordinal}` });
    if (why !== undefined) return why;
  }
  return undefined;
}

function whole(value: unknown, preset: number): number {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : preset;
}
