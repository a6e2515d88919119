import { TalonError, type FalcoEvent, type StepNames } from '@falco-talon/core';
import type { KubernetesObject } from '../kubernetes.ts';

/** Who wrote a field, as server-side apply and `kubectl get --show-managed-fields` tell it. */
export const FIELD_MANAGER = 'falco-talon';

/** On every object made here; an object without it belongs to somebody else and is never changed. */
export const MANAGED_BY = { 'app.kubernetes.io/managed-by': 'falco-talon' } as const;

/** Far above what people write and far below the 256 KiB all annotations of an object may have together. */
const LONGEST_NOTE = 1000;

export function isManaged(object: {
  readonly metadata: { readonly labels?: Readonly<Record<string, string>> };
}): boolean {
  return object.metadata.labels?.['app.kubernetes.io/managed-by'] === 'falco-talon';
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

/** Why an object exists, for whoever finds it with kubectl. */
export function noteOfOrigin(step: StepNames, event: FalcoEvent): Readonly<Record<string, string>> {
  return {
    'falco-talon.org/rule': note(step.rule),
    'falco-talon.org/action': note(step.action),
    'falco-talon.org/trace-id': note(event.traceId),
  };
}

function note(text: string): string {
  return text.slice(0, LONGEST_NOTE).toWellFormed();
}
