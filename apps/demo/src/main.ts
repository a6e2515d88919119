import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { errorText } from '@falco-talon/core';
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
  const values = options();
  if (values === undefined) return 2;
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  // Whoever presses Ctrl-C keeps no namespace and no server either.
  const stop = new AbortController();
  const interrupt = () => stop.abort(new Error('interrupted'));
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, interrupt);

  await using closing = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'falco-talon-demo-'));
  closing.defer(() => rm(directory, { recursive: true, force: true }));
  const cluster = values.kubeconfig
    ? await realCluster(resolve(values.kubeconfig), values.image, stop.signal)
    : await fakeCluster(directory);
  closing.defer(() => cluster.close());
  const listener = await startWebhookListener();
  closing.defer(() => listener.close());
  return await play(cluster, listener, directory, stop.signal);
}

/** Undefined, with a sentence on the error output, when they are wrong. */
function options() {
  try {
    return parseArgs({
      options: {
        kubeconfig: { type: 'string' },
        image: { type: 'string', default: 'busybox' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    process.stderr.write(`${errorText(error)}\n${USAGE}\n`);
    return undefined;
  }
}

async function play(
  cluster: Cluster,
  listener: WebhookListener,
  directory: string,
  signal: AbortSignal,
): Promise<number> {
  const { client, namespace } = cluster;
  const before = await podsOf(client, namespace);
  const server = await startServer(cluster, listener.url, directory);
  try {
    showTitle('Falco Talon');
    showLine(`cluster  ${cluster.description}`);
    showLine(`server   ${server.url}, listening after ${Math.round(server.startedIn)} ms`);
    showLine('rules    examples/rules.yaml');
    showPods('Pods before', before);

    const played: Played[] = [];
    for (const alert of demoAlerts(namespace, before)) played.push(await post(server, alert));
    const duplicates = await untilSettled(server, signal);
    for (const one of played) showAlert(one, listener.records);

    const after = await untilGone(
      () => podsOf(client, namespace),
      before.find(({ app }) => app === 'cart'),
      signal,
    );
    const policies = await policiesOf(client, namespace);
    showPods('Pods after', after);
    showPolicies(policies);
    showTitle('The files above are removed again.');
    const exitCode = await server.stop();
    const wrong = [
      ...(await differences({ played, duplicates, told: listener.records, before, after, policies })),
      ...(exitCode === 0 ? [] : [`the server ended with exit code ${exitCode}`]),
    ];
    if (wrong.length > 0) showLine(`\nThe server's log:\n${server.log()}`);
    showVerdict(wrong);
    return wrong.length === 0 ? 0 : 1;
  } finally {
    await server.stop();
  }
}

async function post(server: ServerProcess, alert: DemoAlert): Promise<Played> {
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
  return { alert, traceId, postedAt };
}

/**
 * Resolves when every alert has come to its end and everybody was told, or when that takes too long; with the number of
 * alerts that were taken for duplicates. To be asked after the last alert: the server may show metrics a moment old.
 */
async function untilSettled(server: ServerProcess, signal: AbortSignal): Promise<number> {
  const deadline = performance.now() + OUTCOME_LIMIT;
  for (;;) {
    const response = await fetch(`${server.url}/metrics`, { signal: AbortSignal.timeout(10_000) });
    const metrics = await response.text();
    const pending = sumOf(metrics, 'queue_messages', 'pending');
    if (pending === 0 || performance.now() > deadline) return sumOf(metrics, 'events_total', 'duplicate');
    await delay(50, undefined, { signal });
  }
}

/** The sum of the series of a metric that have this label value. */
function sumOf(metrics: string, name: string, value: string): number {
  return metrics
    .split('\n')
    .filter((line) => line.startsWith(`falcosecurity_falco_talon_${name}{`) && line.includes(`="${value}"`))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

/** The pods once the terminated one is gone; the last state seen when it does not go, or nobody told it to. */
async function untilGone(
  read: () => Promise<readonly Pod[]>,
  victim: Pod | undefined,
  signal: AbortSignal,
): Promise<readonly Pod[]> {
  const deadline = performance.now() + GONE_LIMIT;
  for (;;) {
    const pods = await read();
    const going = pods.find(({ uid }) => uid === victim?.uid)?.terminating ?? false;
    if (!going || performance.now() > deadline) return pods;
    await delay(200, undefined, { signal });
  }
}

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    const interrupted = error instanceof Error && error.name === 'AbortError';
    process.stderr.write(`${interrupted ? 'interrupted' : errorText(error)}\n`);
    process.exitCode = 1;
  },
);
