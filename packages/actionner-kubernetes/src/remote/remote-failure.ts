import { isTalonError, TalonError } from '@falco-talon/core';
import { kubernetesFailure, type ObjectName } from '@falco-talon/client-kubernetes';

/** Where a command runs. */
export interface RemotePlace {
  readonly pod: Required<ObjectName>;
  /** Absent: the pod's only one. */
  readonly container?: string;
  readonly shell: string;
}

/** What people read: `container main of pod shop/cart-x2x9z`. */
export function whereText({ pod, container }: Pick<RemotePlace, 'pod' | 'container'>): string {
  const text = `pod ${pod.namespace}/${pod.name}`;
  return container === undefined ? text : `container ${container} of ${text}`;
}

/** An error of `exec`, in words about the shell: whoever wrote the rule may not know that there is one. */
export function remoteFailure(error: unknown, place: RemotePlace): unknown {
  if (!isTalonError(error) || error.code !== 'unsupported') return error;
  const failure = kubernetesFailure(error);
  if (!failure) return error;
  const hint = WINDOWS.test(failure.message)
    ? 'it is a Windows container, where nothing can be run'
    : 'set the parameter shell to one it has; a container without any cannot run commands';
  return new TalonError(
    'unsupported',
    `${whereText(place)} has no shell ${place.shell} (${failure.message}): ${hint}`,
    { cause: failure },
  );
}

/** Words of the Windows runtime. */
const WINDOWS = /hcs::|hcsshim|CreateProcess|The system cannot find/i;
