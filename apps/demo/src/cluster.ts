import { silentLogger, type Scope } from '@falco-talon/core';
import {
  kubernetes,
  NETWORK_POLICIES,
  PODS,
  type Kubernetes,
  type KubernetesObject,
} from '@falco-talon/client-kubernetes';

/** The cluster the demo plays on: one in memory or a real one. */
export interface Cluster {
  /** For people: where this cluster is. */
  readonly description: string;
  readonly kubeconfig: string;
  readonly client: Kubernetes;
  readonly namespace: string;
  /** Removes what the demo made and closes the connections. */
  close(): Promise<void>;
}

export interface Pod {
  readonly name: string;
  readonly uid: string;
  readonly app: string;
  readonly node: string;
  readonly phase: string;
  readonly terminating: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** Without the runtime's prefix. */
  readonly containerId: string;
  readonly container: string;
}

export const demoScope: Scope = {
  signal: AbortSignal.timeout(600_000),
  logger: silentLogger,
  now: Date.now,
  span: (_, work) => work(),
};

export function connect(kubeconfig: string): Promise<Kubernetes> {
  return kubernetes.create({
    ...demoScope,
    settings: { kubeconfig, namespace: '' },
    environment: { variables: {}, homeDirectory: '' },
  });
}

export async function disconnect(client: Kubernetes): Promise<void> {
  await kubernetes.close?.(client);
}

export async function podsOf(client: Kubernetes, namespace: string): Promise<readonly Pod[]> {
  const pods = await client.list(PODS, { namespace, signal: demoScope.signal });
  return pods.map(toPod).toSorted((a, b) => a.name.localeCompare(b.name));
}

export function policiesOf(client: Kubernetes, namespace: string): Promise<readonly KubernetesObject[]> {
  return client.list(NETWORK_POLICIES, { namespace, signal: demoScope.signal });
}

interface PodStatus {
  readonly phase?: string;
  readonly containerStatuses?: readonly { readonly name: string; readonly containerID?: string }[];
}

function toPod({ metadata, spec, status }: KubernetesObject): Pod {
  const { phase, containerStatuses } = (status ?? {}) as PodStatus;
  const container = containerStatuses?.[0];
  return {
    name: metadata.name,
    uid: metadata.uid,
    app: metadata.labels?.['app'] ?? '',
    node: (spec?.['nodeName'] as string | undefined) ?? '',
    phase: phase ?? 'Unknown',
    terminating: metadata.deletionTimestamp !== undefined,
    labels: metadata.labels ?? {},
    containerId: container?.containerID?.replace(/^.*:\/\//, '') ?? '',
    container: container?.name ?? '',
  };
}
