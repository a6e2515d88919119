import { createHash } from 'node:crypto';
import { kubernetesFailure, PODS, type ExecChunk, type ObjectName } from '@falco-talon/client-kubernetes';
import { isTalonError } from '@falco-talon/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { BUDGETS, CONFIG_MAPS, type Pod } from '../cluster/resources.ts';
import { until } from '../cluster/until.ts';
import { describeWithPods } from '../harness/describe-with-pods.ts';
import { podGone, startPod } from '../harness/pods.ts';
import { useCluster, type TestCluster } from '../harness/use-cluster.ts';

describeWithPods('the client, running commands', () => {
  const cluster = useCluster('client-exec');
  let pod: Required<ObjectName>;
  beforeAll(async () => {
    pod = nameOf(await startPod(cluster, { name: 'cart' }));
  });

  it('tells standard output, standard error and the exit code apart', async () => {
    const ran = await run(cluster, pod, ['sh', '-c', 'echo out; echo err >&2; exit 7']);
    expect(ran).toMatchObject({ exitCode: 7, stdout: 'out\n', stderr: 'err\n' });
  });

  it('hands standard input over as it is and ends it', async () => {
    const input = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7) % 256));
    const ran = await run(cluster, pod, ['sha256sum'], input);
    expect(ran).toMatchObject({ exitCode: 0, stdout: `${sha256(input)}  -\n` });
  });

  it('passes megabytes byte-exact', async () => {
    const script =
      'dd if=/dev/urandom of=/tmp/big bs=65536 count=320 2>/dev/null; sha256sum </tmp/big >&2; cat /tmp/big';
    const ran = await run(cluster, pod, ['sh', '-c', script]);
    expect(ran.bytes.length).toBe(320 * 65536);
    expect(ran.stderr).toBe(`${sha256(ran.bytes)}  -\n`);
  });

  it('says which program is not there', async () => {
    const error = await refusal(run(cluster, pod, ['/no/such/program']));
    expect(error).toMatchObject({ code: 'unsupported' });
    expect(error.message).toContain('/no/such/program');
  });

  it('fails for a pod that is gone', async () => {
    const error = await refusal(run(cluster, { ...pod, name: 'never-was' }, ['true']));
    expect(error).toMatchObject({ code: 'target_gone' });
  });

  it('starts a container in a running pod', async () => {
    const container = {
      name: 'look',
      image: cluster.run.images.shell,
      imagePullPolicy: 'IfNotPresent',
      command: ['sh', '-c', 'echo here; exec sleep 60'],
      targetContainerName: 'main',
    };
    await cluster.client.addEphemeralContainer(pod, container, { signal: cluster.signal });
    await until('the ephemeral container runs', async () => {
      const { status } = await cluster.client.get<Pod>(PODS, pod, { signal: cluster.signal });
      return status?.ephemeralContainerStatuses?.some(({ name, state }) => name === 'look' && state?.['running']);
    });
    const ran = await run(cluster, pod, ['sh', '-c', 'echo from inside'], undefined, 'look');
    expect(ran).toMatchObject({ exitCode: 0, stdout: 'from inside\n' });
  });
});

describe('the client, watching', () => {
  const cluster = useCluster('client-watch');

  it('tells what is there, then every change', async () => {
    const { client, namespace } = cluster;
    const make = (name: string) =>
      client.create(CONFIG_MAPS, { metadata: { name } }, { namespace, signal: cluster.signal });
    const there = await make('there');
    const seen: string[] = [];
    const leave = new AbortController();
    const signal = AbortSignal.any([leave.signal, AbortSignal.timeout(60_000)]);
    for await (const { type, object } of client.watch(CONFIG_MAPS, { namespace, signal })) {
      if (object.metadata.name === 'kube-root-ca.crt') continue;
      seen.push(`${type} ${object.metadata.name}`);
      if (object.metadata.uid === there.metadata.uid && type === 'added') await make('new');
      if (seen.at(-1) === 'added new') {
        const body = { metadata: { labels: { a: 'b' } } };
        await client.patch(CONFIG_MAPS, { namespace, name: 'new' }, { type: 'merge', body }, { signal });
      }
      if (type === 'modified') await client.delete(CONFIG_MAPS, { namespace, name: 'new' }, { signal });
      if (type === 'deleted') break;
    }
    expect(seen).toEqual(['added there', 'added new', 'modified new', 'deleted new']);
    leave.abort();
  });
});

describeWithPods('the client, evicting', () => {
  const cluster = useCluster('client-evict');

  it('is refused by a budget, and not when there is none', async () => {
    const { client, namespace } = cluster;
    const guarded = await startPod(cluster, { name: 'guarded', labels: { app: 'guarded' } });
    const free = await startPod(cluster, { name: 'free' });
    const spec = { minAvailable: 1, selector: { matchLabels: { app: 'guarded' } } };
    await client.create(BUDGETS, { metadata: { name: 'keep' }, spec }, { namespace, signal: cluster.signal });
    await until('the budget has been counted', async () => {
      const { status } = await client.get(BUDGETS, { namespace, name: 'keep' }, { signal: cluster.signal });
      return status?.['currentHealthy'] === 1;
    });
    const error = await refusal(client.evict(nameOf(guarded), { signal: cluster.signal }));
    expect(error).toMatchObject({ code: 'throttled' });
    expect(kubernetesFailure(error)?.causes).toMatchObject([{ reason: 'DisruptionBudget' }]);
    await client.evict(nameOf(free), { signal: cluster.signal, uid: free.metadata.uid });
    await podGone(cluster, free);
  });
});

const nameOf = ({ metadata }: Pod) => ({ namespace: metadata.namespace!, name: metadata.name });

async function run(
  { client }: TestCluster,
  pod: Required<ObjectName>,
  command: readonly [string, ...string[]],
  input?: Uint8Array,
  container?: string,
) {
  const chunks: ExecChunk[] = [];
  const running = client.exec(pod, {
    command,
    signal: AbortSignal.timeout(60_000),
    ...(input && { stdin: inPieces(input) }),
    ...(container && { container }),
  });
  for (;;) {
    const next = await running.next();
    if (next.done) {
      const all = (stream: string) =>
        Buffer.concat(chunks.filter((c) => c.stream === stream).map(({ bytes }) => bytes));
      const bytes = all('stdout');
      return { exitCode: next.value.exitCode, bytes, stdout: bytes.toString(), stderr: all('stderr').toString() };
    }
    chunks.push(next.value);
  }
}

async function* inPieces(input: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < input.length; start += 10_000) yield input.subarray(start, start + 10_000);
}

async function refusal(work: Promise<unknown>) {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isTalonError(error)) throw new Error('this should have been refused', { cause: error });
  return error;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
