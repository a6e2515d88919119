import { TalonError } from '@falco-talon/core';
import type { KubernetesReads, ObjectName, Resource } from '@falco-talon/client-kubernetes';
import type { AuditTarget } from './audit-target.ts';

/** The kind of the alert's object as the cluster serves it, and how the object is addressed. */
export interface FoundKind {
  readonly resource: Resource;
  readonly object: ObjectName;
}

/**
 * Only kinds whose objects can be read and deleted count: what the metrics server calls `pods` are none that could go.
 * @throws TalonError `unsupported`, `missing_field`
 */
export async function findKind(
  target: AuditTarget,
  reads: Pick<KubernetesReads, 'resources'>,
  signal: AbortSignal,
): Promise<FoundKind> {
  const { plural, group } = target;
  const served = await reads.resources.find(plural, { signal, ...(group === undefined ? {} : { group }) });
  const deletable = served.filter(({ verbs }) => verbs.includes('get') && verbs.includes('delete'));
  const [resource] = deletable;
  if (resource === undefined) throw new TalonError('unsupported', `objects of the kind ${plural} cannot be deleted`);
  if (deletable.length > 1) {
    const groups = deletable.map((one) => (one.group === '' ? 'the core group' : one.group)).join(', ');
    throw new TalonError(
      'missing_field',
      `several API groups serve ${plural} (${groups}), and only ka.uri, which the alert lacks, tells which one is meant`,
    );
  }
  return { resource, object: objectName(resource, target) };
}

export function objectName(resource: Resource, { plural, name, namespace }: AuditTarget): ObjectName {
  if (!resource.namespaced) return { name };
  if (namespace !== undefined) return { namespace, name };
  throw new TalonError('missing_field', `the alert lacks ka.target.namespace, and ${plural} are in namespaces`);
}
