import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kubernetes, type Kubernetes } from '@falco-talon/client-kubernetes';
import { startFakeKubernetes, type FakeKubernetes, type FakeKubernetesInput } from '@falco-talon/fake-kubernetes';
import { falcoEvent, testScope } from '@falco-talon/testkit';

export { hanging, writes } from '@falco-talon/testkit';

export interface TestCluster {
  readonly api: FakeKubernetes;
  /** For files; removed by `close`. */
  readonly folder: string;
  /** The real client, connected to it. */
  readonly client: Kubernetes;
  /** For the conformance suites. */
  readonly settings: { readonly kubernetes: { readonly kubeconfig: string } };
  /** `PATCH /api/v1/namespaces/shop/pods/cart-0`, without what the requests before the last look sent. */
  calls(): readonly string[];
  close(): Promise<void>;
}

/** A fake cluster and the real client. */
export async function startCluster(input: FakeKubernetesInput = {}): Promise<TestCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'actionner-kubernetes-'));
  const api = await startFakeKubernetes(input);
  const kubeconfig = join(folder, 'kubeconfig');
  await api.writeKubeconfig(kubeconfig);
  const client = await kubernetes.create({
    ...testScope(),
    settings: { kubeconfig, namespace: '' },
    environment: { variables: {}, homeDirectory: folder },
  });
  return {
    api,
    folder,
    client,
    settings: { kubernetes: { kubeconfig } },
    calls() {
      const calls = api.requests.map(({ method, path }) => `${method} ${path}`);
      api.clearRequests();
      return calls;
    },
    async close() {
      await kubernetes.close?.(client);
      await api.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** An alert about a pod of the namespace `shop`. */
export function alertAbout(pod: string, fields: Readonly<Record<string, unknown>> = {}) {
  return falcoEvent({ fields: { 'k8s.ns.name': 'shop', 'k8s.pod.name': pod, 'proc.name': 'sh', ...fields } });
}
