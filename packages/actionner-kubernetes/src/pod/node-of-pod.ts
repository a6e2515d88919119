import { TalonError, targetText } from '@falco-talon/core';
import type { KubernetesReads } from '@falco-talon/client-kubernetes';
import { readPod, type PodTarget } from './read-pod.ts';

/**
 * The name of the node the pod runs on.
 * @throws TalonError `target_gone` when the pod is gone or on no node
 */
export async function nodeOfPod(
  reads: Pick<KubernetesReads, 'get'>,
  target: PodTarget,
  signal: AbortSignal,
): Promise<string> {
  const node = (await readPod(reads, target, signal)).spec?.nodeName;
  if (node === undefined) throw new TalonError('target_gone', `${targetText(target)} runs on no node`);
  return node;
}

/** What people read: `node node-1 of pod shop/cart-x2x9z`. */
export function nodeText(node: string, target: PodTarget): string {
  return `node ${node} of ${targetText(target)}`;
}
