import type { Target } from '@falco-talon/core';

/** OpenShift shows each namespace as a project too, and deleting the one deletes the other. */
const NAMESPACE_KINDS: ReadonlySet<string> = new Set(['namespace', 'project']);

/** The namespace a target is in, or is. */
export function namespaceOf({ kind, namespace, name }: Target): string | undefined {
  return NAMESPACE_KINDS.has(kind) ? name : namespace;
}

/** Whether a target is this one of Falco Talon's own objects, or in its namespace. */
export function isItself(target: Target, own: Target): boolean {
  if (NAMESPACE_KINDS.has(own.kind)) return namespaceOf(target) === own.name || target.namespace === own.name;
  return target.kind === own.kind && target.namespace === own.namespace && target.name === own.name;
}
