import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  containerId,
  startFakeKubernetes,
  type FakeKubernetes,
  type FakeKubernetesInput,
} from '@falco-talon/fake-kubernetes';
import {
  startServerProcess,
  startWebhookListener,
  type ServerProcess,
  type WebhookListener,
} from '@falco-talon/testkit/server';

/** The whole program in a process of its own, to be killed and started again on the same data. */
export interface CrashRig {
  readonly directory: string;
  readonly fake: FakeKubernetes;
  readonly listener: WebhookListener;
  readonly start: () => Promise<ServerProcess>;
  close(): Promise<void>;
}

/** `rules` of the directory everything is in. The API server lives on, and so does the one who is told. */
export async function crashRig(
  objects: FakeKubernetesInput['objects'] & object,
  rules: (directory: string) => string,
): Promise<CrashRig> {
  const directory = await mkdtemp(join(tmpdir(), 'falco-talon-crash-'));
  const file = (name: string) => join(directory, name);
  await mkdir(file('state'));
  const fake = await startFakeKubernetes({ objects, terminationDelay: 50 });
  await fake.writeKubeconfig(file('kubeconfig'));
  const listener = await startWebhookListener();
  await writeFile(file('rules.yaml'), rules(directory));
  await writeFile(file('config.yaml'), 'watch_rules: false\n');
  const servers: ServerProcess[] = [];
  return {
    directory,
    fake,
    listener,
    async start() {
      const main = fileURLToPath(new URL('main.ts', import.meta.url));
      const files = ['-c', file('config.yaml'), '-r', file('rules.yaml')];
      const server = await startServerProcess({
        args: ['--conditions=@falco-talon/source', main, 'server', ...files],
        cwd: directory,
        logFile: file('server.log'),
        // The cluster may be what does not answer.
        until: '/healthz',
        environment: {
          FALCO_TALON_KUBECONFIG: file('kubeconfig'),
          FALCO_TALON_NAMESPACE: 'security',
          FALCO_TALON_DATA_DIRECTORY: file('state'),
          FALCO_TALON_DEFAULT_NOTIFIERS: 'webhook',
          FALCO_TALON_NOTIFIERS_WEBHOOK_URL: listener.url,
          FALCO_TALON_LOG_FORMAT: 'json',
        },
      });
      servers.push(server);
      return server;
    },
    async close() {
      for (const server of servers) await server.kill();
      listener.close();
      await fake.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** As Falco shows it. */
const CONTAINER = containerId('shop', 'cart', 'main').replace('containerd://', '').slice(0, 12);

/** An alert about the pod `shop/cart`. */
export async function post({ url }: ServerProcess, rule: string): Promise<{ status: number; traceId: string }> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      rule,
      priority: 'Critical',
      output: rule,
      hostname: 'node-1',
      output_fields: { 'k8s.pod.name': 'cart', 'k8s.ns.name': 'shop', 'container.id': CONTAINER },
    }),
  });
  return { status: response.status, traceId: ((await response.json()) as { trace_id: string }).trace_id };
}
