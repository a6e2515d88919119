import { isTalonError } from '@falco-talon/core';
import type { KubernetesObject, KubernetesReads, ObjectName, Resource } from '../kubernetes.ts';

/** The object; undefined when there is none of that name. */
export async function readIfThere<T extends KubernetesObject = KubernetesObject>(
  reads: Pick<KubernetesReads, 'get'>,
  resource: Resource,
  name: ObjectName,
  signal: AbortSignal,
): Promise<T | undefined> {
  try {
    return await reads.get<T>(resource, name, { signal });
  } catch (error) {
    if (isTalonError(error) && error.code === 'target_gone') return undefined;
    throw error;
  }
}
