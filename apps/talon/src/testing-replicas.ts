import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { containerId, namespace, pod, startFakeKubernetes, type FakeKubernetes } from '@falco-talon/fake-kubernetes';
import { startServerProcess, type ServerProcess } from '@falco-talon/testkit/server';

const RULES = `
- rule: Terminate
  match: { rules: [Terminate] }
  actions: [{ action: terminate, actionner: kubernetes:terminate }]
`;
const LEASE = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name: 'falco-talon-leader', namespace: 'talon' },
  spec: { holderIdentity: '', leaseDurationSeconds: 1, leaseTransitions: 0 },
};
const RIGHTS = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }];

/** A replica: the whole program in a process of its own, known to the API server as a user of its own. */
export interface Replica extends ServerProcess {
  readonly name: string;
  freeze(): void;
  thaw(): void;
  /** Resolves when its log has a line with this text, after the `from`-th character. */
  logged(text: string, from?: number): Promise<void>;
}

export interface Replicas {
  readonly fake: FakeKubernetes;
  start(name: string): Promise<Replica>;
  /** The name of the replica that holds the Lease. */
  holder(): string;
  held(by: string): Promise<void>;
  /** Takes the connection between a replica and the API server away, until called. */
  partition(name: string): () => void;
  /** Pods, and by whom they were deleted. */
  deletions(): readonly string[];
  close(): Promise<void>;
}

/** Several replicas without a shared queue, on one API server. */
export async function openReplicas(pods: readonly string[]): Promise<Replicas> {
  const directory = await mkdtemp(join(tmpdir(), 'falco-talon-replicas-'));
  const objects = [
    namespace('talon'),
    LEASE,
    ...pods.map((name) => pod({ name, namespace: 'shop', uid: `uid-${name}` })),
  ];
  const fake = await startFakeKubernetes({ objects, terminationDelay: 50 });
  const running = new Set<ServerProcess>();
  await writeFile(join(directory, 'rules.yaml'), RULES);

  async function start(name: string): Promise<Replica> {
    const file = (path: string) => join(directory, name, path);
    await mkdir(file('state'), { recursive: true });
    fake.addUser({ name, rules: RIGHTS });
    await fake.writeKubeconfig(file('kubeconfig'), { user: name });
    await writeFile(
      file('config.yaml'),
      [
        'watch_rules: false',
        'log_format: json',
        'namespace: talon',
        'deduplication: { time_window_seconds: 5 }',
        'shutdown_grace_period: 8',
        'election:',
        '  kubernetes: { lease_duration_seconds: 2, renew_deadline_seconds: 1.2, retry_period_seconds: 0.2, outside_cluster: true }',
        '',
      ].join('\n'),
    );
    const main = fileURLToPath(new URL('main.ts', import.meta.url));
    const server = await startServerProcess({
      args: [
        '--conditions=@falco-talon/source',
        main,
        'server',
        '-c',
        file('config.yaml'),
        '-r',
        join(directory, 'rules.yaml'),
      ],
      cwd: directory,
      logFile: file('server.log'),
      environment: {
        POD_NAME: name,
        FALCO_TALON_KUBECONFIG: file('kubeconfig'),
        FALCO_TALON_DATA_DIRECTORY: file('state'),
      },
    });
    running.add(server);
    return {
      ...server,
      name,
      freeze: () => void process.kill(server.pid, 'SIGSTOP'),
      thaw: () => void process.kill(server.pid, 'SIGCONT'),
      async logged(text, from = 0) {
        for (let tries = 0; !server.log().slice(from).includes(text); tries++) {
          if (tries > 1500) throw new Error(`${name} never logged ${text}: ${server.log()}`);
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      },
    };
  }

  const holder = () => {
    const identity = fake.get('leases', 'talon', 'falco-talon-leader')?.spec?.['holderIdentity'];
    return typeof identity === 'string' ? identity.replace(/-[0-9a-f]{8}$/, '') : '';
  };
  return {
    fake,
    start,
    holder,
    held: (by) => fake.until(() => holder() === by, 30_000),
    partition(name) {
      const fault = fake.fault({ kind: 'hang', match: { user: name } });
      return () => {
        fault.release();
        fake.closeConnections();
      };
    },
    deletions: () =>
      fake.requests
        .filter(({ method, resource }) => method === 'DELETE' && resource === 'pods')
        .map(({ name, user }) => `${name} by ${user}`),
    async close() {
      fake.clearFaults();
      for (const server of running) await server.kill();
      await fake.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export async function post(server: ServerProcess, name: string): Promise<number> {
  const response = await fetch(server.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      rule: 'Terminate',
      priority: 'Critical',
      output: `terminate ${name}`,
      hostname: 'node-1',
      output_fields: { 'k8s.pod.name': name, 'k8s.ns.name': 'shop', 'container.id': containerOf(name) },
    }),
  });
  return response.status;
}

/** As Falco shortens it. */
const containerOf = (name: string) => containerId('shop', name, 'main').replace('containerd://', '').slice(0, 12);
