import { TalonError } from '@falco-talon/core';
import type { Pod } from '../pod/pod.ts';

/** As far as the pod itself says. */
export function isWindows(pod: Pod): boolean {
  return (pod.spec?.os?.name ?? pod.spec?.nodeSelector?.['kubernetes.io/os']) === 'windows';
}

/**
 * Looked at only when the pod is read anyway; otherwise the container itself says that it has no such shell.
 * @throws TalonError `unsupported`
 */
export function refuseWindows(pod: Pod): void {
  if (!isWindows(pod)) return;
  const { namespace, name } = pod.metadata;
  throw new TalonError(
    'unsupported',
    `pod ${namespace ?? ''}/${name} runs on Windows: commands, scripts and downloads need the shell or the programs of a Linux container`,
  );
}
