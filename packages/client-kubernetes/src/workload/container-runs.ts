import type { KubernetesObject } from '../kubernetes.ts';

export interface ContainerStatus {
  readonly name: string;
  /** `containerd://` and 64 hex digits. */
  readonly containerID?: string;
  readonly state?: { readonly terminated?: { readonly containerID?: string } };
  /** The run before the last restart. */
  readonly lastState?: { readonly terminated?: { readonly containerID?: string } };
}

export interface PodWithStatuses extends KubernetesObject {
  readonly status?: Readonly<Record<string, unknown>> & {
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
    readonly ephemeralContainerStatuses?: readonly ContainerStatus[];
  };
}

export interface ContainerRun {
  readonly container: string;
  /** It is the run before the container's last restart. */
  readonly previous: boolean;
}

export function containerStatuses({ status }: PodWithStatuses): readonly ContainerStatus[] {
  return [
    ...(status?.containerStatuses ?? []),
    ...(status?.initContainerStatuses ?? []),
    ...(status?.ephemeralContainerStatuses ?? []),
  ];
}

/** Which of the pod's containers an id means: the first digits are enough, Falco gives 12. Undefined: none of them. */
export function containerRun(pod: PodWithStatuses, id: string): ContainerRun | undefined {
  const statuses = containerStatuses(pod);
  const runs = (text: string | undefined) => bareContainerId(text ?? '').startsWith(id);
  const now = statuses.find((status) => runs(status.containerID) || runs(status.state?.terminated?.containerID));
  if (now) return { container: now.name, previous: false };
  const before = statuses.find((status) => runs(status.lastState?.terminated?.containerID));
  return before && { container: before.name, previous: true };
}

/** Without the name of the runtime: `containerd://0a1b…` is `0a1b…`. */
export function bareContainerId(text: string): string {
  return text.replace(/^[^/]*:\/\//, '');
}
