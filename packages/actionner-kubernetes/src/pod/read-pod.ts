import { readPod as read, type KubernetesReads, type PodTarget } from '@falco-talon/client-kubernetes';
import type { Pod } from './pod.ts';

export { recreated, type PodTarget } from '@falco-talon/client-kubernetes';

/**
 * The pod an alert is about, with the parts these actions look at.
 * @throws TalonError `target_gone` when there is none, or only another one of the same name
 */
export function readPod(reads: Pick<KubernetesReads, 'get'>, target: PodTarget, signal: AbortSignal): Promise<Pod> {
  return read<Pod>(reads, target, signal);
}
