import { isTalonError, TalonError } from '@falco-talon/core';
import { kubernetesFailure } from '@falco-talon/client-kubernetes';

const REFUSAL = /violates PodSecurity "([a-z]+):([^"]+)": (.*)/s;

/** What is asked for, and where. */
export interface Wanted {
  readonly namespace: string;
  /** `the capture container`, `the capture pod`. */
  readonly what: string;
}

/** The failure in words about Pod Security when that is what refused; else the error as it was. */
export function podSecurityFailure(error: unknown, wanted: Wanted): unknown {
  if (!isTalonError(error) || error.code !== 'forbidden') return error;
  const refusal = podSecurityRefusal(kubernetesFailure(error)?.message ?? '', wanted);
  return refusal === undefined ? error : new TalonError('forbidden', refusal, { cause: error.cause });
}

/** What a message of the API server or a controller means, when Pod Security refused. */
export function podSecurityRefusal(message: string, { namespace, what }: Wanted): string | undefined {
  const [, level, version, reasons] = REFUSAL.exec(message) ?? [];
  if (level === undefined) return undefined;
  return (
    `Pod Security refuses ${what}: namespace ${namespace} enforces the level ${level} (${version}), which it breaks by: ${reasons}; ` +
    `captures need the level privileged: label the namespace pod-security.kubernetes.io/enforce=privileged, ` +
    `or exempt it in the configuration of the API server`
  );
}
