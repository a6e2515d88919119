import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@falco-talon/core';
import { openClients } from '../../run/clients.ts';
import type { TestedCluster } from './tested-cluster.ts';

/** What the client asks about the cluster itself, once per connection. */
const DISCOVERY = /^GET \/apis?$/;

/** An API server as `startFakeKubernetes()` gives one, with the real client connected to it, for the specs of a plugin. */
export interface ConnectedCluster<A, C> {
  readonly api: A;
  /** An administrator's. */
  readonly client: C;
  /** Another client, as another process has it, for a user of the cluster. */
  connect(user?: string): Promise<C>;
  /** For the conformance suites. */
  readonly settings: { readonly kubernetes: { readonly kubeconfig: string } };
  /** `PATCH /api/v1/namespaces/shop/pods/cart-0`, without discovery and what the requests before the last look sent. */
  calls(): readonly string[];
  close(): Promise<void>;
}

/** `kubernetes` is the client to connect. All is closed by `close`, the API server too. */
export async function connectCluster<A extends TestedCluster & { close(): Promise<void> }, C>(
  api: A,
  kubernetes: Client<C>,
): Promise<ConnectedCluster<A, C>> {
  const folder = await mkdtemp(join(tmpdir(), 'testkit-cluster-'));
  const kubeconfigOf = (user: string) => join(folder, user);
  const administrator = 'kubernetes-admin';
  const closing: (() => Promise<void>)[] = [];
  const connect = async (user = administrator): Promise<C> => {
    await api.writeKubeconfig(kubeconfigOf(user), { user });
    const settings = { kubernetes: { kubeconfig: kubeconfigOf(user) } };
    const one = await openClients({ kubernetes }, { settings });
    closing.push(() => one.close());
    return one.clients.kubernetes as C;
  };
  return {
    api,
    client: await connect(),
    connect,
    settings: { kubernetes: { kubeconfig: kubeconfigOf(administrator) } },
    calls() {
      const calls = api.requests.map(({ method, path }) => `${method} ${path}`);
      api.clearRequests();
      return calls.filter((call) => !DISCOVERY.test(call));
    },
    async close() {
      for (const one of closing) await one();
      await api.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
