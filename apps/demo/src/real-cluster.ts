import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { DAEMON_SETS, DEPLOYMENTS, NAMESPACES, PODS, type Kubernetes } from '@falco-talon/client-kubernetes';
import { connect, demoScope, disconnect, podsOf, type Cluster } from './cluster.ts';

const READY_LIMIT = 180_000;
/** The demo needs one pod of each, and three of the first. */
const EXPECTED = { cart: 3, payment: 1, agent: 1, miner: 1 };

/** A namespace of the demo's own on the cluster of a kubeconfig, with a small workload. */
export async function realCluster(kubeconfig: string, image: string, stop: AbortSignal): Promise<Cluster> {
  const client = await connect(kubeconfig);
  const namespace = `falco-talon-demo-${randomBytes(3).toString('hex')}`;
  const { signal } = demoScope;
  async function close(): Promise<void> {
    try {
      await client.delete(NAMESPACES, { name: namespace }, { signal, propagationPolicy: 'Background' });
    } finally {
      await disconnect(client);
    }
  }
  try {
    const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
    await client.create(NAMESPACES, object, { signal });
  } catch (error) {
    await disconnect(client);
    throw error;
  }
  try {
    await createWorkload(client, namespace, image);
    await untilReady(client, namespace, stop);
  } catch (error) {
    await close();
    throw error;
  }
  return { description: `the cluster of ${kubeconfig}, namespace ${namespace}`, kubeconfig, client, namespace, close };
}

async function createWorkload(client: Kubernetes, namespace: string, image: string): Promise<void> {
  const { signal } = demoScope;
  const template = (app: string) => ({
    metadata: { labels: { app } },
    spec: {
      containers: [
        {
          name: app,
          image,
          imagePullPolicy: 'IfNotPresent',
          command: ['sh', '-c', `echo ${app} started; trap exit TERM; while true; do sleep 1; done`],
        },
      ],
    },
  });
  const controller = (app: string) => ({ selector: { matchLabels: { app } }, template: template(app) });
  for (const [app, replicas] of [
    ['cart', 3],
    ['payment', 1],
  ] as const) {
    const object = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: app },
      spec: { replicas, ...controller(app) },
    };
    await client.create(DEPLOYMENTS, object, { namespace, signal });
  }
  const agent = { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: 'agent' }, spec: controller('agent') };
  await client.create(DAEMON_SETS, agent, { namespace, signal });
  const { metadata, spec } = template('miner');
  const miner = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'miner', ...metadata }, spec };
  await client.create(PODS, miner, { namespace, signal });
}

async function untilReady(client: Kubernetes, namespace: string, stop: AbortSignal): Promise<void> {
  const deadline = performance.now() + READY_LIMIT;
  for (;;) {
    const pods = (await podsOf(client, namespace)).filter(
      ({ phase, containerId }) => phase === 'Running' && containerId !== '',
    );
    const ready = Object.entries(EXPECTED).every(
      ([app, count]) => pods.filter((pod) => pod.app === app).length >= count,
    );
    if (ready) return;
    if (performance.now() > deadline)
      throw new Error(
        `the pods of the demo did not start within ${READY_LIMIT / 1000} s; can the nodes pull the image? --image names another one`,
      );
    await delay(500, undefined, { signal: stop });
  }
}
