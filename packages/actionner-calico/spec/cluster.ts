import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kubernetes, type Kubernetes } from '@falco-talon/client-kubernetes';
import { startFakeKubernetes, type FakeKubernetes, type FakeKubernetesInput } from '@falco-talon/fake-kubernetes';
import { falcoEvent, testScope } from '@falco-talon/testkit';

export interface TestCluster {
  readonly api: FakeKubernetes;
  /** For files; removed by `close`. */
  readonly folder: string;
  /** The real client, connected to it. */
  readonly client: Kubernetes;
  /** Another client, as another process has it, for a user of the cluster. */
  connect(user?: string): Promise<Kubernetes>;
  /** For the conformance suites. */
  readonly settings: { readonly kubernetes: { readonly kubeconfig: string } };
  /** `PATCH /api/v1/namespaces/shop/pods/cart-0`, without what the requests before the last look sent. */
  calls(): readonly string[];
  close(): Promise<void>;
}

/** A fake cluster and the real client. */
export async function startCluster(input: FakeKubernetesInput = {}): Promise<TestCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'actionner-calico-'));
  const api = await startFakeKubernetes(input);
  const clients: Kubernetes[] = [];
  const connect = async (user = 'kubernetes-admin') => {
    const kubeconfig = join(folder, user);
    await api.writeKubeconfig(kubeconfig, { user });
    const client = await kubernetes.create({
      ...testScope(),
      settings: { kubeconfig, namespace: '' },
      environment: { variables: {}, homeDirectory: folder },
    });
    clients.push(client);
    return client;
  };
  const client = await connect();
  return {
    api,
    folder,
    client,
    connect,
    settings: { kubernetes: { kubeconfig: join(folder, 'kubernetes-admin') } },
    calls() {
      const calls = api.requests.map(({ method, path }) => `${method} ${path}`);
      api.clearRequests();
      // What the cluster serves is asked once per connection.
      return calls.filter((call) => !/^GET \/apis?$/.test(call));
    },
    async close() {
      for (const made of clients) await kubernetes.close?.(made);
      await api.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** An alert about a connection of a pod of the namespace `shop`. */
export function alertAbout(pod: string, fields: Readonly<Record<string, unknown>> = {}) {
  return falcoEvent({ fields: { 'k8s.ns.name': 'shop', 'k8s.pod.name': pod, 'fd.rip': '203.0.113.7', ...fields } });
}

/** Requests that change something: what a dry run must not send. */
export function writes(api: FakeKubernetes): number {
  return api.requests.filter(({ method }) => method !== 'GET').length;
}

/** The API server takes requests and answers none. */
export function hanging(api: FakeKubernetes) {
  api.clearRequests();
  const fault = api.fault({ kind: 'hang' });
  return { reached: api.waitForRequest(() => true), release: () => fault.release() };
}
