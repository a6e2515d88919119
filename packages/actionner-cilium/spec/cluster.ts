import { kubernetes, type Kubernetes } from '@falco-talon/client-kubernetes';
import { startFakeKubernetes, type FakeKubernetes, type FakeKubernetesInput } from '@falco-talon/fake-kubernetes';
import { connectCluster, falcoEvent, type ConnectedCluster } from '@falco-talon/testkit';

export type TestCluster = ConnectedCluster<FakeKubernetes, Kubernetes>;

/** A fake cluster and the real client. */
export async function startCluster(input: FakeKubernetesInput = {}): Promise<TestCluster> {
  return connectCluster(await startFakeKubernetes(input), kubernetes);
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
