import { PODS, type ObjectName } from '@falco-talon/client-kubernetes';
import { isTalonError } from '@falco-talon/core';
import type { Pod } from '../cluster/resources.ts';
import { until } from '../cluster/until.ts';
import type { TestCluster } from './use-cluster.ts';

export interface PodOptions {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Runs by `sh -c`, ended by a long sleep. */
  readonly script?: string;
  readonly image?: string;
  /** Added to the container. */
  readonly container?: Readonly<Record<string, unknown>>;
  /** Containers beside it. */
  readonly others?: readonly Readonly<Record<string, unknown>>[];
  /** Added to the pod's spec. */
  readonly spec?: Readonly<Record<string, unknown>>;
}

/** A pod's template: one container `main` that runs a script and then sleeps. It ends at once when asked to. */
export function podSpec({ run }: TestCluster, options: Omit<PodOptions, 'name'>): Readonly<Record<string, unknown>> {
  const { hostname } = run.cluster;
  return {
    terminationGracePeriodSeconds: 0,
    automountServiceAccountToken: false,
    // The cordoning of a node by another test holds nothing up.
    tolerations: [
      { key: 'node.kubernetes.io/unschedulable', operator: 'Exists' },
      ...(hostname === undefined ? [] : [{ effect: 'NoSchedule', operator: 'Exists' }]),
    ],
    nodeSelector: {
      'kubernetes.io/os': 'linux',
      ...(hostname === undefined ? {} : { 'kubernetes.io/hostname': hostname }),
    },
    containers: [
      {
        name: 'main',
        image: options.image ?? run.images.shell,
        imagePullPolicy: 'IfNotPresent',
        command: ['sh', '-c', `${options.script ?? ':'}\nexec sleep 86400`],
        ...options.container,
      },
      ...(options.others ?? []),
    ],
    ...options.spec,
  };
}

/** Makes a pod; where pods run, resolves when it is ready. One with a `nodeName` is on a node where none do. */
export async function startPod(cluster: TestCluster, options: PodOptions): Promise<Pod> {
  const { client, run, signal } = cluster;
  const namespace = options.namespace ?? cluster.namespace;
  const object = { metadata: { name: options.name, labels: options.labels ?? {} }, spec: podSpec(cluster, options) };
  const pod = await client.create<Pod>(PODS, object, { namespace, signal });
  return run.cluster.node === undefined || options.spec?.['nodeName'] !== undefined
    ? pod
    : await readyPod(cluster, { namespace, name: options.name });
}

/** Resolves when the pod is ready. */
export async function readyPod({ client }: TestCluster, pod: Required<ObjectName>): Promise<Pod> {
  let last: Pod | undefined;
  try {
    return await until('the pod is ready', async () => {
      last = await client.get<Pod>(PODS, pod, { signal: AbortSignal.timeout(10_000) });
      return isReady(last) ? last : undefined;
    });
  } catch (error) {
    throw new Error(`${pod.name} did not get ready: ${JSON.stringify(last?.status ?? {})}`, { cause: error });
  }
}

/** The pod as it is now; undefined when there is none of this name. */
export async function findPod({ client, signal }: TestCluster, pod: Required<ObjectName>): Promise<Pod | undefined> {
  try {
    return await client.get<Pod>(PODS, pod, { signal });
  } catch (error) {
    if (isTalonError(error) && error.code === 'target_gone') return undefined;
    throw error;
  }
}

/** Resolves when there is no pod with this uid any more. */
export async function podGone(cluster: TestCluster, { metadata }: Pod): Promise<void> {
  const name = { namespace: metadata.namespace!, name: metadata.name };
  await until(`pod ${name.name} is gone`, async () => (await findPod(cluster, name))?.metadata.uid !== metadata.uid);
}

/** The whole log of a pod's only container. */
export async function logOf({ client, signal }: TestCluster, { metadata }: Pod): Promise<string> {
  const chunks: Uint8Array[] = [];
  const pod = { namespace: metadata.namespace!, name: metadata.name };
  for await (const chunk of client.podLog(pod, { signal })) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function isReady({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true;
}
