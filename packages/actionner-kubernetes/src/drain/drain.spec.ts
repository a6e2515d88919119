import {
  daemonSet,
  job,
  node,
  pod,
  podDisruptionBudget,
  replicaSet,
  statefulSet,
  type ObjectInput,
  type PodInput,
} from '@falco-talon/fake-kubernetes';
import { askSettled, auditEvent, runActionner, testActionner } from '@falco-talon/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { alertAbout, hanging, startCluster, writes, type TestCluster } from '../../spec/cluster.ts';
import { drain } from './drain.ts';

const PODS = '/api/v1/namespaces/shop/pods';
const NODE = '/api/v1/nodes/node-1';
let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startCluster({ terminationDelay: 20, replacePods: false });
});
afterAll(() => cluster.close());
beforeEach(clear);

function clear(): void {
  const { api } = cluster;
  api.clearFaults();
  for (const plural of ['pods', 'replicasets', 'statefulsets', 'daemonsets', 'jobs', 'poddisruptionbudgets', 'nodes']) {
    for (const { metadata } of api.objects(plural)) api.remove(plural, metadata.namespace ?? '', metadata.name);
  }
  api.create(node({ name: 'node-1' }), shop('cart-0'));
  api.clearRequests();
}
function create(...objects: readonly ObjectInput[]): void {
  cluster.api.create(...objects);
  cluster.api.clearRequests();
}
function shop(name: string, more: Partial<PodInput> = {}): ObjectInput {
  return pod({ namespace: 'shop', name, ...more });
}
function run(parameters: Record<string, unknown> = {}, more: Record<string, unknown> = {}) {
  return runActionner(drain, {
    event: alertAbout('cart-0'),
    parameters,
    clients: { kubernetes: cluster.client },
    ...more,
  });
}
/** Names of the pods that were neither deleted nor told to stop. */
const untouched = () =>
  cluster.api
    .objects('pods')
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata }) => metadata.name);
const lines = (output: string | undefined) => (output ?? '').split('\n').toSorted();
const evictions = () => cluster.api.requests.filter(({ subresource }) => subresource === 'eviction');

testActionner(drain, {
  events: [
    alertAbout('cart-0'),
    auditEvent({ fields: { 'ka.target.resource': 'pods', 'ka.target.name': 'cart-0', 'ka.target.namespace': 'shop' } }),
  ],
  clients: () => ({ kubernetes: cluster.client }),
  prepare() {
    clear();
    create(...replicaSet({ name: 'web', namespace: 'shop', replicas: 3 }));
  },
  snapshot: () => [cluster.api.objects('pods'), cluster.api.objects('nodes'), writes(cluster.api)],
  hang: () => hanging(cluster.api),
});

describe('drain', () => {
  it('cordons, lists, evicts each pod with its uid, and watches once', async () => {
    create(shop('cart-1', { uid: 'uid-1' }), pod({ name: 'far', namespace: 'shop', node: 'node-2' }));
    const outcome = await run({ max_wait_period: 60, grace_period_seconds: 7 });
    expect(outcome).toMatchObject({
      status: 'success',
      message: 'node node-1 of pod shop/cart-0: cordoned, evicted 2 pods',
      objects: { pod: 'cart-0', namespace: 'shop', node: 'node-1' },
    });
    expect(lines(outcome.output)).toEqual(['shop/cart-0: evicted', 'shop/cart-1: evicted']);
    const eviction = evictions().find(({ name }) => name === 'cart-1');
    expect(eviction?.body).toMatchObject({
      apiVersion: 'policy/v1',
      deleteOptions: { gracePeriodSeconds: 7, preconditions: { uid: 'uid-1' } },
    });
    expect(cluster.api.objects('pods').map(({ metadata }) => metadata.name)).toEqual(['far']);
    expect(cluster.calls().toSorted()).toEqual(
      [
        `GET ${PODS}/cart-0`,
        `GET ${NODE}`,
        `PATCH ${NODE}`,
        'GET /api/v1/pods',
        'GET /api/v1/pods',
        `POST ${PODS}/cart-0/eviction`,
        `POST ${PODS}/cart-1/eviction`,
      ].toSorted(),
    );
  });

  it('cordons before it lists: nothing comes after the list', async () => {
    await run();
    const verbs = cluster.api.requests.map(({ verb, resource }) => `${verb} ${resource}`);
    expect(verbs).toEqual(['get pods', 'get nodes', 'patch nodes', 'list pods', 'create pods']);
    expect(cluster.api.requests[3]?.query['fieldSelector']).toBe('spec.nodeName=node-1');
    expect(cluster.api.get('nodes', '', 'node-1')?.spec).toMatchObject({ unschedulable: true });
  });

  it('waits for nothing unless it is told to', async () => {
    cluster.api.setNodeAnswers('node-1', false);
    const outcome = await run();
    cluster.api.setNodeAnswers('node-1', true);
    expect(outcome).toMatchObject({ status: 'success', output: 'shop/cart-0: evicted, still terminating' });
    expect(outcome.message).toContain('evicted 1 pod, 1 still terminating');
  });

  it('reads a node with many pods in pages, and evicts few at a time', async () => {
    create(...Array.from({ length: 60 }, (_, n) => shop(`pod-${n}`)));
    let most = 0;
    // Looked at when a request has come, the ones before it that are not answered yet included.
    const counts = () => (most = Math.max(most, evictions().filter(({ status }) => status === 0).length)) < 0;
    cluster.api.fault({ kind: 'latency', ms: 3, match: { subresource: 'eviction' } });
    cluster.api.fault({ kind: 'latency', ms: 0, match: counts });
    const outcome = await run({ max_wait_period: 60 });
    expect(outcome.message).toContain('evicted 61 pods');
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(4);
    expect(evictions()).toHaveLength(61);
  });

  it('says that the node was cordoned already', async () => {
    cluster.api.change('nodes', '', 'node-1', (one) => {
      one.spec = {
        ...one.spec,
        unschedulable: true,
        taints: [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }],
      };
    });
    expect((await run()).message).toContain('was cordoned already');
  });

  it('in a dry run tells what it would do', async () => {
    create(...daemonSet({ name: 'agent', namespace: 'shop' }), shop('done', { phase: 'Succeeded' }));
    const outcome = await run({}, { dryRun: true });
    expect(outcome.message).toMatch(
      /^would cordon node node-1 of pod shop\/cart-0 and evict 1 of its 3 pods: shop\/cart-0; shop\/agent-\w+: ignored: DaemonSet agent owns it \(ignore_daemonsets\); shop\/done: ignored: it has finished$/,
    );
    expect(writes(cluster.api)).toBe(0);
  });

  it('ends with one failure when the pod of the alert is gone', async () => {
    cluster.api.remove('pods', 'shop', 'cart-0');
    expect((await run()).error).toMatchObject({ code: 'target_gone', retryable: false });
    expect(writes(cluster.api)).toBe(0);
  });
});

describe('pods that stay', () => {
  it('are mirror pods, finished ones, and those of DaemonSets', async () => {
    create(
      shop('etcd', { annotations: { 'kubernetes.io/config.mirror': 'x' } }),
      shop('done', { phase: 'Succeeded' }),
      shop('crashed', { phase: 'Failed' }),
      ...daemonSet({ name: 'agent', namespace: 'shop' }),
    );
    const outcome = await run();
    expect(outcome.message).toContain('evicted 1 pod, 1 still terminating, 4 ignored');
    expect(untouched()).toHaveLength(4);
    expect(outcome.output).toContain('shop/etcd: ignored: it is a mirror of a static pod');
    expect(outcome.output).toContain('shop/done: ignored: it has finished');
    expect(outcome.output).toContain('DaemonSet agent owns it (ignore_daemonsets)');
  });

  it('are not those of DaemonSets when the rule says so', async () => {
    create(...daemonSet({ name: 'agent', namespace: 'shop' }));
    await run({ ignore_daemonsets: false });
    expect(untouched()).toEqual([]);
  });

  it('are those of StatefulSets when the rule says so', async () => {
    create(...statefulSet({ name: 'db', namespace: 'shop', replicas: 2 }));
    await run({ ignore_statefulsets: true });
    expect(untouched()).toEqual(['db-0', 'db-1']);
    await run({}, { facts: { node: 'node-1' } });
    expect(untouched()).toEqual([]);
  });

  it("are all in Falco Talon's own namespace, and it is said so", async () => {
    create(pod({ name: 'talon-0', namespace: 'talon' }), pod({ name: 'coredns-0', namespace: 'kube-system' }));
    const outcome = await run({}, { clients: { kubernetes: { ...cluster.client, ownNamespace: 'talon' } } });
    expect(untouched()).toEqual(['talon-0']);
    expect(outcome.output).toContain("talon/talon-0: ignored: talon is Falco Talon's own namespace");
    expect(outcome.output).toContain('kube-system/coredns-0: evicted');
  });

  it('are those that stop already: they are waited for and not evicted again', async () => {
    create(shop('old'));
    cluster.api.setNodeAnswers('node-1', false);
    cluster.api.change('pods', 'shop', 'old', ({ metadata }) => {
      metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
      metadata.deletionGracePeriodSeconds = 30;
    });
    const running = run({ max_wait_period: 60 });
    await cluster.api.waitForRequest(({ verb }) => verb === 'watch');
    cluster.api.setNodeAnswers('node-1', true);
    for (const name of ['old', 'cart-0']) cluster.api.remove('pods', 'shop', name);
    const outcome = await running;
    expect(lines(outcome.output)[1]).toBe('shop/old: gone before it was evicted');
    expect(evictions().map(({ name }) => name)).not.toContain('old');
  });
});

describe('min_healthy_replicas', () => {
  const web = (replicas: number, healthy = replicas) =>
    replicaSet({ name: 'web', namespace: 'shop', replicas, ready: healthy });

  it.each([
    [5, 5, 3, 2],
    [5, 5, '50%', 2],
    [5, 4, 3, 2],
    [3, 3, '100%', 0],
    [3, 3, 0, 3],
  ])('counts the pods of one owner together: of %i with %i healthy, at least %s: %i go', async (...given) => {
    const [replicas, healthy, minimum, going] = given;
    cluster.api.remove('pods', 'shop', 'cart-0');
    create(...web(replicas, healthy));
    const [alert = ''] = cluster.api.objects('pods', 'shop').map(({ metadata }) => metadata.name);
    const outcome = await run({ min_healthy_replicas: minimum }, { event: alertAbout(alert) });
    expect(outcome.status).toBe('success');
    const gone = replicas - untouched().length;
    expect(gone).toBe(going);
    expect(cluster.api.requests.filter(({ resource }) => resource === 'replicasets')).toHaveLength(1);
  });

  it('leaves pods whose owner cannot be counted, with the reason', async () => {
    create(
      ...daemonSet({ name: 'agent', namespace: 'shop' }),
      ...job({ name: 'batch', namespace: 'shop', replicas: 2 }),
    );
    const outcome = await run({ min_healthy_replicas: 1, ignore_daemonsets: false });
    expect(outcome.output).toContain('shop/cart-0: ignored: it has no owner whose replicas');
    expect(outcome.output).toContain('the replicas of DaemonSet agent, which owns it, cannot be counted');
    expect(evictions()).toHaveLength(1);
  });

  it('holds for three drains of the node at the same moment', async () => {
    cluster.api.remove('pods', 'shop', 'cart-0');
    create(...web(6));
    const names = cluster.api.objects('pods', 'shop').map(({ metadata }) => metadata.name);
    const outcomes = await Promise.all(
      names
        .slice(0, 3)
        .map((name) => run({ min_healthy_replicas: 4, max_wait_period: 60 }, { event: alertAbout(name) })),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(['success', 'success', 'success']);
    expect(untouched()).toHaveLength(4);
  });

  it('is given back by what a budget refused', async () => {
    cluster.api.remove('pods', 'shop', 'cart-0');
    create(...web(3), podDisruptionBudget({ name: 'web', namespace: 'shop', minAvailable: 3 }));
    const [alert = ''] = cluster.api.objects('pods', 'shop').map(({ metadata }) => metadata.name);
    expect((await run({ min_healthy_replicas: 2 }, { event: alertAbout(alert) })).error?.code).toBe('throttled');
    cluster.api.remove('poddisruptionbudgets', 'shop', 'web');
    await run({ min_healthy_replicas: 2 }, { event: alertAbout(alert) });
    expect(untouched()).toHaveLength(2);
  });

  it('refuses values nobody could mean when the rules load', async () => {
    await expect(run({ min_healthy_replicas: '150%' })).rejects.toThrow('min_healthy_replicas');
  });
});

describe('budgets', () => {
  const budgeted = (minAvailable: number) =>
    create(
      ...replicaSet({ name: 'web', namespace: 'shop', replicas: 3 }),
      podDisruptionBudget({ name: 'web', namespace: 'shop', minAvailable }),
    );

  it('that refuse are named, and asked once when nothing is waited for', async () => {
    budgeted(2);
    const outcome = await run();
    expect(outcome.error).toMatchObject({ code: 'throttled', retryable: false });
    expect(outcome.message).toContain('evicted 2 pods, 2 still terminating, 2 refused by a budget');
    expect(outcome.message).toMatch(
      /shop\/web-\w+: refused by budget web: needs 2 healthy pods and has 2 currently; shop\/web-\w+: refused/,
    );
    expect(evictions()).toHaveLength(4);
    expect(outcome.lines.at(-1)).toMatchObject({ message: 'node not drained' });
  });

  it('are asked again until they allow it', async () => {
    budgeted(3);
    const running = run({ max_wait_period: 60 });
    await cluster.api.waitForRequest(({ name, subresource }) => subresource === 'eviction' && name.startsWith('web'));
    await cluster.api.until(() => cluster.api.get('pods', 'shop', 'cart-0') === undefined);
    cluster.api.change(
      'poddisruptionbudgets',
      'shop',
      'web',
      (budget) => (budget.spec = { ...budget.spec, minAvailable: 0 }),
    );
    const outcome = await running;
    expect(outcome).toMatchObject({ status: 'success' });
    expect(outcome.message).toContain('evicted 4 pods');
    expect(cluster.api.objects('pods')).toEqual([]);
  }, 20_000);

  it('over one pod that are two are a failure that says so, for that pod alone', async () => {
    create(
      ...replicaSet({ name: 'web', namespace: 'shop', replicas: 1 }),
      podDisruptionBudget({ name: 'web', namespace: 'shop', minAvailable: 0 }),
      podDisruptionBudget({ name: 'web-2', namespace: 'shop', labels: { app: 'web' }, minAvailable: 0 }),
    );
    const outcome = await run();
    expect(outcome.error).toMatchObject({ code: 'rejected', retryable: false });
    expect(outcome.message).toContain('evicted 1 pod');
    expect(outcome.message).toContain('more than one PodDisruptionBudget');
    expect(evictions()).toHaveLength(2);
  });

  it.each(['ignore_errors', 'ignore_error'])(
    'and what else went wrong is a success with a report with %s',
    async (name) => {
      budgeted(3);
      const outcome = await run({ [name]: true });
      expect(outcome).toMatchObject({ status: 'success' });
      expect(outcome.message).toContain('3 refused by a budget');
      expect(lines(outcome.output)).toHaveLength(4);
    },
  );

  it('are not waited for in excluded namespaces', async () => {
    budgeted(3);
    const outcome = await run({ max_wait_period: 60, wait_period_excluded_namespaces: ['shop'] });
    expect(outcome.error?.code).toBe('throttled');
    expect(evictions()).toHaveLength(4);
    expect(cluster.api.requests.some(({ verb }) => verb === 'watch')).toBe(false);
  });
});

describe('the wait', () => {
  it('ends with a report of what is still there', async () => {
    create(shop('slow', { node: 'node-1' }));
    cluster.api.setNodeAnswers('node-1', false);
    const outcome = await run({ max_wait_period: 1 });
    cluster.api.setNodeAnswers('node-1', true);
    expect(outcome.error).toMatchObject({ code: 'timeout', retryable: false });
    expect(outcome.message).toContain('shop/slow: evicted, still terminating after max_wait_period');
    expect(outcome.message).toContain('evicted 2 pods, 2 still terminating');
  });

  it('knows a pod of a StatefulSet from the one that takes its place', async () => {
    create(...statefulSet({ name: 'db', namespace: 'shop' }));
    const [before] = cluster.api.objects('pods', 'shop').filter(({ metadata }) => metadata.name === 'db-0');
    const running = run({ max_wait_period: 60 });
    await cluster.api.until(() => cluster.api.get('pods', 'shop', 'db-0') === undefined);
    create(shop('db-0', { uid: 'uid-new' }));
    expect((await running).output).toContain('shop/db-0: evicted');
    expect(cluster.api.get('pods', 'shop', 'db-0')?.metadata).toMatchObject({ uid: 'uid-new' });
    expect(cluster.api.get('pods', 'shop', 'db-0')?.metadata.uid).not.toBe(before?.metadata.uid);
    expect(untouched()).toEqual(['db-0']);
  });

  it('survives a watch that is cut and too old to go on', async () => {
    cluster.api.setNodeAnswers('node-1', false);
    const running = run({ max_wait_period: 60 });
    await cluster.api.waitForRequest(({ verb }) => verb === 'watch');
    await cluster.api.watches.until(1);
    await cluster.api.until(() => untouched().length === 0);
    cluster.api.watches.silence();
    cluster.api.remove('pods', 'shop', 'cart-0');
    cluster.api.compact();
    cluster.api.closeConnections();
    expect((await running).output).toBe('shop/cart-0: evicted');
    cluster.api.setNodeAnswers('node-1', true);
  });

  it('leaves no watch behind, whatever the end', async () => {
    await run({ max_wait_period: 60 });
    await cluster.api.watches.until(0);
    clear();
    cluster.api.setNodeAnswers('node-1', false);
    const stop = new AbortController();
    const running = run({ max_wait_period: 60 }, { signal: stop.signal });
    await cluster.api.until(() => untouched().length === 0);
    stop.abort();
    expect((await running).status).toBe('failure');
    await cluster.api.watches.until(0);
    cluster.api.setNodeAnswers('node-1', true);
  });
});

describe('after a crash or a lost answer', () => {
  const settled = (parameters = {}) =>
    askSettled(drain, {
      event: alertAbout('cart-0'),
      clients: { kubernetes: cluster.client },
      parameters,
      facts: { node: 'node-1' },
    });

  it('a drain goes on, also without the pod of the alert', async () => {
    await run();
    create(shop('cart-1'));
    await cluster.api.until(() => cluster.api.get('pods', 'shop', 'cart-0') === undefined);
    expect(await settled()).toBe('again');
    expect((await run({}, { facts: { node: 'node-1' } })).output).toContain('shop/cart-1: evicted');
    expect(await settled()).toBe('done');
  });

  it('is not done while pods it waits for are there', async () => {
    cluster.api.setNodeAnswers('node-1', false);
    await run();
    expect(await settled()).toBe('done');
    expect(await settled({ max_wait_period: 5 })).toBe('again');
    cluster.api.setNodeAnswers('node-1', true);
  });

  it('is done when the node is gone', async () => {
    cluster.api.remove('nodes', '', 'node-1');
    expect(await settled()).toBe('done');
  });

  it.each(['lost-answer', 'reset'] as const)('of the cordon (%s) it may be repeated', async (kind) => {
    cluster.api.fault({ kind, match: { method: 'PATCH' }, times: 1 });
    expect((await run()).error).toMatchObject({ code: 'outcome_unknown', retryable: true });
    expect(await settled()).toBe('again');
    expect((await run({}, { facts: { node: 'node-1' } })).status).toBe('success');
  });
});
