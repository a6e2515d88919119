import { NAMESPACES, type Kubernetes } from '@falco-talon/client-kubernetes';
import { afterAll, beforeAll } from 'vitest';
import { connect, type Connection } from '../cluster/connect.ts';
import { SERVICE_ACCOUNTS } from '../cluster/resources.ts';
import { until } from '../cluster/until.ts';
import { currentRun, RUN_LABEL, type Run } from '../run.ts';

/** The cluster as one test file sees it. */
export interface TestCluster {
  readonly run: Run;
  /** May do everything: for making things and for looking what became of them. */
  readonly client: Kubernetes;
  /** Of this file alone. */
  readonly namespace: string;
  /** For one call. */
  readonly signal: AbortSignal;
  /** Another namespace, removed with the first. */
  addNamespace(suffix: string, labels?: Readonly<Record<string, string>>): Promise<string>;
}

/** Pods of these tests may have what their images need, whatever the cluster's default is. */
const ANY_POD = { 'pod-security.kubernetes.io/enforce': 'privileged' };

/** Connects before the tests of a file and makes its namespace; takes everything away after them. */
export function useCluster(name: string): TestCluster {
  const run = currentRun();
  const base = `falco-talon-e2e-${run.id}-${name}`;
  const made: string[] = [];
  let connection: Connection | undefined;

  const cluster: TestCluster = {
    run,
    namespace: base,
    get signal() {
      return AbortSignal.timeout(30_000);
    },
    get client() {
      if (connection === undefined) throw new Error('the cluster is there once the tests run');
      return connection.client;
    },
    async addNamespace(suffix, labels = ANY_POD) {
      const namespace = suffix === '' ? base : `${base}-${suffix}`;
      const metadata = { name: namespace, labels: { ...labels, [RUN_LABEL]: run.id } };
      await cluster.client.create(NAMESPACES, { metadata }, { signal: cluster.signal });
      made.push(namespace);
      if (run.cluster.controllers) await until('the default service account', () => hasAccount(cluster, namespace));
      return namespace;
    },
  };
  beforeAll(async () => {
    connection = await connect(run.kubeconfig);
    await cluster.addNamespace('');
  });
  afterAll(async () => {
    for (const namespace of made) {
      await cluster.client.delete(NAMESPACES, { name: namespace }, { signal: cluster.signal });
    }
    await connection?.close();
  });
  return cluster;
}

async function hasAccount({ client, signal }: TestCluster, namespace: string): Promise<boolean> {
  const accounts = await client.list(SERVICE_ACCOUNTS, { namespace, signal });
  return accounts.some(({ metadata }) => metadata.name === 'default');
}
