import { TalonError } from '@falco-talon/core';
import type { Pod } from '../pod/pod.ts';

/**
 * Looked at only when the pod is read anyway; otherwise the container itself says that it has no such shell.
 * @throws TalonError `unsupported`
 */
export function refuseWindows(pod: Pod): void {
  const os = pod.spec?.os?.name ?? pod.spec?.nodeSelector?.['kubernetes.io/os'];
  if (os !== 'windows') return;
  const { namespace, name } = pod.metadata;
  throw new TalonError(
    'unsupported',
    `pod ${namespace ?? ''}/${name} runs on Windows: commands, scripts and downloads need the shell or the programs of a Linux container`,
  );
}
