import { keeperCommand } from '../capture/keeper.ts';
import { captureNames } from '../capture/capture-name.ts';

export interface CaptureContainer {
  readonly name: string;
  readonly [field: string]: unknown;
}

/**
 * Sockets that see all packets need NET_RAW, promiscuous mode NET_ADMIN. Most distributions build tcpdump so that it sets its
 * groups once the socket is open, and gives up when it may not: SETGID lets it. Root, because Kubernetes gives capabilities to
 * no other user.
 */
const CAPABILITIES = { drop: ['ALL'], add: ['NET_ADMIN', 'NET_RAW', 'SETGID'] };

/** The command that goes with these: it stays root, or the shell beside it could not end it without CAP_KILL. */
export function tcpdumpCommand(snaplen: number): readonly string[] {
  return ['tcpdump', '-Z', 'root', '-i', 'any', '-n', '-U', '-s', String(snaplen), '-w', '-'];
}

/** The ephemeral containers a step may add, in the order in which it takes them: the same ones at every attempt. */
export function captureContainers(
  stepId: string,
  {
    duration,
    image,
    target,
  }: { readonly duration: number; readonly image: string; readonly target: string | undefined },
): readonly CaptureContainer[] {
  const container = {
    image,
    imagePullPolicy: 'IfNotPresent',
    command: keeperCommand(duration),
    ...(target === undefined ? {} : { targetContainerName: target }),
    securityContext: {
      privileged: false,
      allowPrivilegeEscalation: false,
      runAsNonRoot: false,
      runAsUser: 0,
      runAsGroup: 0,
      capabilities: CAPABILITIES,
      seccompProfile: { type: 'RuntimeDefault' },
    },
  };
  return captureNames('tcpdump', stepId, container).map((name) => ({ name, ...container }));
}
