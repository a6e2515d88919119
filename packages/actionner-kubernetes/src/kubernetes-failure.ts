import { isTalonError } from '@falco-talon/core';
import type { KubernetesFailure } from '@falco-talon/client-kubernetes';

/** What the API server said, when that is why a call failed. */
export function failureOf(error: unknown): KubernetesFailure | undefined {
  if (!isTalonError(error)) return undefined;
  const cause = error.cause as { readonly kind?: unknown } | undefined;
  return cause?.kind === 'kubernetes-failure' ? (cause as KubernetesFailure) : undefined;
}
