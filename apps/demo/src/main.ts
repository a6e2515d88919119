import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startWebhookListener, type ServerProcess, type WebhookListener } from '@falco-talon/testkit/server';
import { demoAlerts, type DemoAlert } from './alerts.ts';
import { podsOf, policiesOf, type Cluster, type Pod } from './cluster.ts';
import { fakeCluster } from './fake-cluster.ts';
import { realCluster } from './real-cluster.ts';
import { startServer } from './start-server.ts';
import { showAlert, showLine, showPods, showPolicies, showTitle, showVerdict } from './show.ts';
import { differences, type Played } from './verdict.ts';

const OUTCOME_LIMIT = 30_000;
const GONE_LIMIT = 60_000;
const USAGE = 'Usage: npm run demo [-- --kubeconfig PATH [--image NAME]]';

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      kubeconfig: { type: 'string' },
      image: { type: 'string', default: 'busybox' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const directory = await mkdtemp(join(tmpdir(), 'falco-talon-demo-'));
  const cluster = values.kubeconfig
    ? await realCluster(resolve(values.kubeconfig), values.image)
    : await fakeCluster(directory);
  const listener = await startWebhookListener();
  try {
    return await play(cluster, listener, directory);
  } finally {
    listener.close();
    await cluster.close();
    await rm(directory, { recursive: true, force: true });
  }
}

async function play(cluster: Cluster, listener: WebhookListener, directory: string): Promise<number> {
  const { client, namespace } = cluster;
  const before = await podsOf(client, namespace);
  const server = await startServer(cluster, listener.url, directory);
  try {
    showTitle('Falco Talon');
    showLine(`cluster  ${cluster.description}`);
    showLine(`server   ${server.url}, listening after ${Math.round(server.startedIn)} ms`);
    showLine('rules    examples/rules.yaml');
    showPods('Pods before', before);

    const alerts = demoAlerts(namespace, before);
    const played: Played[] = [];
    for (const alert of alerts) played.push(await post(server, alert));
    const expected = alerts.reduce((count, alert) => count + alert.expected.length + alert.uploads, 0);
    await Promise.race([
      listener.until(() => listener.records.length >= expected),
      delay(OUTCOME_LIMIT, undefined, { ref: false }),
    ]);
    for (const one of played) showAlert(one, listener.records);

    const after = await untilGone(
      () => podsOf(client, namespace),
      before.find(({ app }) => app === 'cart'),
    );
    const policies = await policiesOf(client, namespace);
    showPods('Pods after', after);
    showPolicies(policies);
    const exitCode = await server.stop();
    const wrong = [
      ...(await differences({ played, told: listener.records, before, after, policies })),
      ...(exitCode === 0 ? [] : [`the server ended with exit code ${exitCode}`]),
    ];
    showVerdict(wrong);
    if (wrong.length > 0) showLine(`\nThe server's log:\n${server.log()}`);
    return wrong.length === 0 ? 0 : 1;
  } finally {
    await server.stop();
  }
}

async function post(server: ServerProcess, alert: DemoAlert): Promise<Played> {
  const duplicatesBefore = await duplicatesOf(server);
  const postedAt = Date.now();
  const response = await fetch(server.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(alert.body),
    signal: AbortSignal.timeout(10_000),
  });
  const body = await response.text();
  if (response.status !== 202) throw new Error(`the alert was answered ${response.status}: ${body}`);
  const { trace_id: traceId } = JSON.parse(body) as { trace_id: string };
  return { alert, traceId, postedAt, duplicate: (await duplicatesOf(server)) > duplicatesBefore };
}

/** Alerts the server took for duplicates so far, as its metrics say. */
async function duplicatesOf(server: ServerProcess): Promise<number> {
  const response = await fetch(`${server.url}/metrics`, { signal: AbortSignal.timeout(10_000) });
  const lines = (await response.text()).split('\n');
  const counters = lines.filter(
    (line) => line.startsWith('falcosecurity_falco_talon_events_total{') && line.includes('="duplicate"'),
  );
  return counters.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

/** The pods once the first one is gone; the last state seen when it does not go. */
async function untilGone(read: () => Promise<readonly Pod[]>, victim: Pod | undefined): Promise<readonly Pod[]> {
  const deadline = performance.now() + GONE_LIMIT;
  for (;;) {
    const pods = await read();
    if (!pods.some(({ uid }) => uid === victim?.uid) || performance.now() > deadline) return pods;
    await delay(200);
  }
}

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}\n`);
    process.exitCode = 1;
  },
);
