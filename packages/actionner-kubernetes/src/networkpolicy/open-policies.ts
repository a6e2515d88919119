import { selects } from '@falco-talon/client-kubernetes';
import type { NetworkPolicy } from './policy.ts';

/**
 * Names of the policies that still allow a pod some egress. NetworkPolicies add up: what any of them allows is allowed.
 * https://kubernetes.io/docs/concepts/services-networking/network-policies/#the-two-sorts-of-pod-isolation
 */
export function openPolicies(
  policies: readonly NetworkPolicy[],
  podLabels: Readonly<Record<string, string>>,
  own: string,
): readonly string[] {
  return policies
    .filter(
      (policy) =>
        policy.metadata.name !== own && allowsEgress(policy) && selects(policy.spec?.podSelector ?? {}, podLabels),
    )
    .map((policy) => policy.metadata.name)
    .toSorted();
}

/** A policy without types is for ingress, and for egress when it has rules for it. */
function allowsEgress({ spec }: NetworkPolicy): boolean {
  const rules = spec?.egress ?? [];
  return rules.length > 0 && ((spec?.policyTypes ?? []).length === 0 || spec?.policyTypes?.includes('Egress') === true);
}

/** A remark for the result; empty when nothing is open. */
export function openPoliciesText(names: readonly string[]): string {
  if (names.length === 0) return '';
  const shown = names.slice(0, 10).join(', ');
  const more = names.length > 10 ? ` and ${names.length - 10} more` : '';
  return `; other policies still allow it egress: ${shown}${more}`;
}
