import { hasField, type FalcoEvent } from '@falco-talon/core';

/** The required fields the alert lacks, each as people read it: `k8s.ns.name or ka.target.namespace`. */
export function missingFields(
  event: FalcoEvent,
  required: readonly (string | readonly string[])[] | undefined,
): readonly string[] {
  return (required ?? [])
    .map((entry) => (typeof entry === 'string' ? [entry] : entry))
    .filter((alternatives) => !alternatives.some((field) => hasField(event, field)))
    .map((alternatives) => alternatives.join(' or '));
}
