import { TalonError, targetText } from '@falco-talon/core';
import { isWindows } from '../remote/windows.ts';
import type { Pod } from './pod.ts';
import type { PodTarget } from './read-pod.ts';

/** The node of a pod whose containers can be observed. */
export interface Observed {
  readonly node: string;
}

/**
 * Where the pod runs, when it can be captured.
 * @throws TalonError `target_gone` when it has ended or is on its way out, `unsupported` for a Windows pod
 */
export function observedPod(pod: Pod, target: PodTarget): Observed {
  const what = targetText(target);
  const nodeName = pod.spec?.nodeName;
  const phase = pod.status?.['phase'];
  if (nodeName === undefined) throw new TalonError('target_gone', `${what} runs on no node`);
  if (pod.metadata.deletionTimestamp !== undefined) {
    throw new TalonError('target_gone', `${what} is being deleted: nothing can be started in it any more`);
  }
  if (phase === 'Succeeded' || phase === 'Failed') {
    throw new TalonError('target_gone', `${what} has ended (${phase}): there is nothing left to capture`);
  }
  if (phase === 'Pending') {
    throw new TalonError('unavailable', `${what} does not run yet (${phase})`, { retryable: true });
  }
  if (isWindows(pod)) {
    throw new TalonError('unsupported', `${what} is a Windows pod: captures need Linux`);
  }
  return { node: nodeName };
}
