import type { PodWithStatuses } from '@falco-talon/client-kubernetes';

export { containerStatuses } from '@falco-talon/client-kubernetes';

interface NamedContainer {
  readonly name: string;
}

/** The part of a pod that actions look at. https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/ */
export interface Pod extends PodWithStatuses {
  readonly spec?: Readonly<Record<string, unknown>> & {
    /** Absent until the pod is scheduled. */
    readonly nodeName?: string;
    readonly hostNetwork?: boolean;
    readonly os?: { readonly name: string };
    readonly nodeSelector?: Readonly<Record<string, string>>;
    readonly containers?: readonly NamedContainer[];
    readonly initContainers?: readonly NamedContainer[];
    readonly ephemeralContainers?: readonly NamedContainer[];
  };
  readonly status?: PodWithStatuses['status'] & {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

/** The API's image of a static pod, which only the kubelet's own files can end. */
export function isMirrorPod(pod: Pod): boolean {
  return pod.metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined;
}

/** As controllers count: ready and not on its way out. */
export function isHealthy(pod: Pod): boolean {
  return (
    pod.metadata.deletionTimestamp === undefined &&
    (pod.status?.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True')
  );
}

export function containerNames(pod: Pod): readonly string[] {
  return [
    ...(pod.spec?.containers ?? []),
    ...(pod.spec?.initContainers ?? []),
    ...(pod.spec?.ephemeralContainers ?? []),
  ].map(({ name }) => name);
}
