import { join } from 'node:path';
import { daemonSet, deployment, node, pod, startFakeKubernetes } from '@falco-talon/fake-kubernetes';
import { connect, disconnect, podsOf, type Cluster } from './cluster.ts';

/** How long a deleted pod takes to be gone; a real one has its grace period. */
const TERMINATION = 300;
const LINES = 40;

/** A cluster in memory: an API server on loopback that answers like the real one, with a small workload. */
export async function fakeCluster(directory: string): Promise<Cluster> {
  const namespace = 'shop';
  const app = (name: string) => ({ name, namespace, pod: { containers: [name] } });
  const fake = await startFakeKubernetes({
    terminationDelay: TERMINATION,
    objects: [
      node({ name: 'node-1' }),
      ...deployment({ ...app('cart'), replicas: 3 }),
      ...deployment(app('payment')),
      ...daemonSet(app('agent')),
      pod({ name: 'miner', namespace, labels: { app: 'miner' }, containers: ['miner'] }),
    ],
  });
  const kubeconfig = join(directory, 'kubeconfig');
  await fake.writeKubeconfig(kubeconfig);
  const client = await connect(kubeconfig);
  for (const { name, container } of await podsOf(client, namespace)) {
    const lines = Array.from({ length: LINES }, (_, index) => `${container} line ${index + 1} of ${LINES}\n`);
    fake.setPodLog(namespace, name, container, lines.join(''));
  }
  return {
    description: 'an API server in memory',
    kubeconfig,
    client,
    namespace,
    async close() {
      await disconnect(client);
      await fake.close();
    },
  };
}
