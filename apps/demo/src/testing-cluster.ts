import { setTimeout as delay } from 'node:timers/promises';
import {
  daemonSet,
  deployment,
  pod,
  serviceAccount,
  startFakeKubernetes,
  type ApiObject,
  type FakeKubernetes,
  type JsonObject,
} from '@falco-talon/fake-kubernetes';

/** Somebody who may set the demo up and look at it, but not act: the server of the demo has the same rights. */
export const ONLOOKER = 'system:serviceaccount:demo:onlooker';

/** An API server that knows nothing of the demo's workload. */
export function startEmptyCluster(): Promise<FakeKubernetes> {
  const rule = (apiGroup: string, resources: readonly string[], verbs: readonly string[]) => ({
    apiGroups: [apiGroup],
    resources,
    verbs,
  });
  return startFakeKubernetes({
    terminationDelay: 100,
    users: [
      serviceAccount('demo', 'onlooker', [
        rule('', ['namespaces'], ['create', 'delete']),
        rule('', ['pods'], ['create', 'get', 'list']),
        rule('apps', ['deployments', 'daemonsets'], ['create']),
        rule('apps', ['replicasets'], ['get']),
        rule('networking.k8s.io', ['networkpolicies'], ['list']),
      ]),
    ],
  });
}

/** What controllers, scheduler and kubelet of a real cluster do: every workload gets its pods, every pod runs and logs. */
export async function runControllers(api: FakeKubernetes, signal: AbortSignal): Promise<void> {
  const seen = new Set<string>();
  while (!signal.aborted) {
    for (const owner of [...api.objects('deployments'), ...api.objects('daemonsets')]) {
      if (seen.has(owner.metadata.uid)) continue;
      seen.add(owner.metadata.uid);
      api.create(...podsOf(owner));
    }
    for (const { metadata } of api.objects('pods')) {
      if (seen.has(metadata.uid)) continue;
      seen.add(metadata.uid);
      startPod(api, metadata.namespace ?? '', metadata.name);
    }
    await delay(10);
  }
}

/** The pods of a workload and what stands between the two, without the workload itself. */
function podsOf({ kind, metadata, spec }: ApiObject) {
  const { name, namespace = '' } = metadata;
  const input = { name, namespace, pod: { containers: [name] } };
  const replicas = Number((spec as { replicas?: number } | undefined)?.replicas ?? 1);
  const objects = kind === 'Deployment' ? deployment({ ...input, replicas }) : daemonSet(input);
  return objects.filter((object) => object.kind !== kind);
}

function startPod(api: FakeKubernetes, namespace: string, name: string): void {
  const { spec } = api.get('pods', namespace, name)!;
  const containers = (spec as unknown as { containers: readonly { name: string }[] }).containers.map((one) => one.name);
  const running = pod({ name, namespace, containers });
  api.change('pods', namespace, name, (object) => {
    object.spec!['nodeName'] = 'node-1';
    object.status = running.status as JsonObject;
  });
  for (const container of containers) api.setPodLog(namespace, name, container, `${container} started\n`);
}
