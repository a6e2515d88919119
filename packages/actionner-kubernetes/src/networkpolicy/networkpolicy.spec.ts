import { NETWORK_POLICIES } from '@falco-talon/client-kubernetes';
import type { Target } from '@falco-talon/core';
import { deployment, pod, replicaSet, statefulSet, type ObjectInput } from '@falco-talon/fake-kubernetes';
import { runActionner, testActionner } from '@falco-talon/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { alertAbout, hanging, startCluster, writes, type TestCluster } from '../../spec/cluster.ts';
import { networkpolicy } from './networkpolicy.ts';

const PODS = '/api/v1/namespaces/shop/pods';
const POLICIES = '/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies';
let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.close());
beforeEach(clear);

function clear(): void {
  cluster.api.clearFaults();
  for (const plural of ['pods', 'deployments', 'replicasets', 'statefulsets', 'networkpolicies']) {
    for (const { metadata } of cluster.api.objects(plural, 'shop')) cluster.api.remove(plural, 'shop', metadata.name);
  }
  create(pod({ name: 'cart-0', namespace: 'shop', uid: 'uid-1', labels: { app: 'cart' } }));
}
function create(...objects: readonly ObjectInput[]): void {
  cluster.api.create(...objects);
  cluster.api.clearRequests();
}
function policyOf(name: string, spec: object, labels: Record<string, string> = {}): ObjectInput {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace: 'shop', labels },
    spec,
  };
}
const policy = (name: string) => cluster.api.get('networkpolicies', 'shop', name);
const policies = () => cluster.api.objects('networkpolicies', 'shop').map(({ metadata }) => metadata.name);
const labels = (name: string) => cluster.api.get('pods', 'shop', name)?.metadata.labels;
const everything = { podSelector: {}, policyTypes: ['Egress'], egress: [{}] };

function run(
  parameters: Record<string, unknown> = {},
  name = 'cart-0',
  fields: Record<string, unknown> = {},
  more = {},
) {
  return runActionner(networkpolicy, {
    event: alertAbout(name, fields),
    parameters,
    clients: { kubernetes: cluster.client },
    ...more,
  });
}
/** A Deployment of two pods; the name of its ReplicaSet and those of the pods. */
function shopFront() {
  const objects = deployment({ name: 'front', namespace: 'shop', replicas: 2, labels: { app: 'front' } });
  create(...objects);
  const names = (kind: string) =>
    objects.filter((object) => object.kind === kind).map(({ metadata }) => metadata.name!);
  return { replicaSet: names('ReplicaSet')[0]!, pods: names('Pod') };
}

testActionner(networkpolicy, {
  events: () => [alertAbout('cart-0', { 'k8s.pod.uid': 'uid-1' })],
  clients: () => ({ kubernetes: cluster.client }),
  prepare: clear,
  snapshot: () => [labels('cart-0'), policies(), writes(cluster.api)],
  hang: () => hanging(cluster.api),
});

describe('networkpolicy of a pod', () => {
  it('cuts all its egress with three calls', async () => {
    const outcome = await run();
    expect(outcome).toMatchObject({
      status: 'success',
      message: 'created the NetworkPolicy falco-talon-pod-cart-0: blocks all egress of pod shop/cart-0',
      objects: { pod: 'cart-0', namespace: 'shop', networkpolicy: 'falco-talon-pod-cart-0' },
    });
    expect(cluster.calls()).toEqual([
      `GET ${POLICIES}`,
      `PATCH ${PODS}/cart-0`,
      `PATCH ${POLICIES}/falco-talon-pod-cart-0`,
    ]);
    const made = policy('falco-talon-pod-cart-0');
    const podLabel = { 'falco-talon.org/networkpolicy': 'cart-0' };
    expect(made?.spec).toMatchObject({ podSelector: { matchLabels: podLabel }, policyTypes: ['Egress'] });
    expect(made?.spec?.['egress'] ?? []).toEqual([]);
    expect(labels('cart-0')).toEqual({ app: 'cart', ...podLabel });
  });

  it('says who made the policy, and why', async () => {
    const event = alertAbout('cart-0');
    await run({}, 'cart-0', {}, { event, step: { rule: 'Cut off\ud800', action: 'Isolate '.repeat(200) } });
    const made = policy('falco-talon-pod-cart-0')?.metadata;
    expect(made?.labels).toEqual({ 'app.kubernetes.io/managed-by': 'falco-talon' });
    expect(made?.annotations).toEqual({
      'falco-talon.org/rule': 'Cut off\ufffd',
      'falco-talon.org/action': 'Isolate '.repeat(200).slice(0, 1000),
      'falco-talon.org/trace-id': event.traceId,
    });
  });

  it('leaves what is allowed open', async () => {
    const outcome = await run({ allow_cidr: ['10.1.2.3/8', '2001:db8::1'], allow_namespaces: ['monitoring'] });
    expect(policy('falco-talon-pod-cart-0')?.spec?.['egress']).toEqual([
      {
        to: [
          { ipBlock: { cidr: '10.0.0.0/8' } },
          { ipBlock: { cidr: '2001:db8::1/128' } },
          { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } },
        ],
      },
    ]);
    expect(outcome.message).toContain('egress except to 10.1.2.3/8, 2001:db8::1, namespace monitoring');
  });

  it('is renewed by a second alert, not doubled, and takes back what was allowed before', async () => {
    await run({ allow_cidr: ['10.0.0.0/8'] });
    const outcome = await run();
    expect(outcome.message).toContain('renewed the NetworkPolicy');
    expect(policies()).toEqual(['falco-talon-pod-cart-0']);
    expect(policy('falco-talon-pod-cart-0')?.spec?.['egress'] ?? []).toEqual([]);
  });

  it('takes a policy of its own back from who opened it', async () => {
    await run();
    await cluster.client.patch(
      NETWORK_POLICIES,
      { namespace: 'shop', name: 'falco-talon-pod-cart-0' },
      { type: 'merge', body: { spec: { egress: [{}] } } },
      { signal: new AbortController().signal, fieldManager: 'kubectl-edit' },
    );
    expect((await run()).status).toBe('success');
    expect(policy('falco-talon-pod-cart-0')?.spec?.['egress'] ?? []).toEqual([]);
  });

  it("never changes somebody else's policy of that name, and touches nothing then", async () => {
    for (const owner of [{}, { 'app.kubernetes.io/managed-by': 'Helm' }]) {
      clear();
      create(policyOf('falco-talon-pod-cart-0', everything, owner));
      const before = policy('falco-talon-pod-cart-0');
      const outcome = await run();
      expect(outcome.error?.code).toBe('refused');
      expect(outcome.message).toContain(
        'NetworkPolicy shop/falco-talon-pod-cart-0 exists and was not made by Falco Talon',
      );
      expect(policy('falco-talon-pod-cart-0')).toEqual(before);
      expect(labels('cart-0')).toEqual({ app: 'cart' });
    }
  });

  it("does not take over somebody else's policy that appears at the last moment", async () => {
    const held = cluster.api.fault({ kind: 'hold', match: { method: 'PATCH', resource: 'networkpolicies' } });
    const running = run();
    await cluster.api.waitForRequest(({ method, resource }) => method === 'PATCH' && resource === 'networkpolicies');
    await cluster.client.create(NETWORK_POLICIES, policyOf('falco-talon-pod-cart-0', everything) as never, {
      namespace: 'shop',
      signal: new AbortController().signal,
    });
    held.release();
    expect((await running).error?.code).toBe('conflict');
    expect(policy('falco-talon-pod-cart-0')?.spec?.['egress']).toEqual([{}]);
  });

  it('names the other policies that still allow the pod egress', async () => {
    create(
      policyOf('all-out', everything),
      policyOf('cart-out', {
        ...everything,
        podSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['cart'] }] },
      }),
      policyOf('other', { ...everything, podSelector: { matchLabels: { app: 'db' } } }),
      policyOf('deny', { podSelector: {}, policyTypes: ['Egress'] }),
    );
    expect((await run()).message).toMatch(/; other policies still allow it egress: all-out, cart-out$/);
    expect((await run({}, 'cart-0', {}, { dryRun: true })).message).toMatch(/egress: all-out, cart-out$/);
  });

  it('says which pod is gone or re-created, and makes no policy', async () => {
    const gone = await run({}, 'cart-9');
    expect(gone.error?.code).toBe('target_gone');
    expect(gone.message).toContain('shop/cart-9');
    const recreated = await run({}, 'cart-0', { 'k8s.pod.uid': 'uid-0' });
    expect(recreated.error?.code).toBe('target_gone');
    expect(recreated.message).toContain('re-created');
    expect(policies()).toEqual([]);
    expect(labels('cart-0')).toEqual({ app: 'cart' });
  });

  it('fails where a policy has no effect', async () => {
    create(pod({ name: 'proxy', namespace: 'shop', spec: { hostNetwork: true } }));
    for (const scope of ['pod', 'workload']) {
      const outcome = await run({ scope }, 'proxy');
      expect(outcome.error?.code).toBe('unsupported');
      expect(outcome.message).toContain("uses its node's network");
    }
    expect(policies()).toEqual([]);
  });

  it('in a dry run tells what it would do', async () => {
    const outcome = await run({}, 'cart-0', {}, { dryRun: true });
    expect(outcome.message).toBe(
      'would create the NetworkPolicy falco-talon-pod-cart-0: blocks all egress of pod shop/cart-0',
    );
    expect((await run({}, 'cart-9', {}, { dryRun: true })).error?.code).toBe('target_gone');
    expect(writes(cluster.api)).toBe(0);
  });

  it('refuses ranges and namespaces that are none when the rules load', async () => {
    await expect(run({ allow_cidr: ['10.0.0.0/33'] })).rejects.toThrow('"10.0.0.0/33" is no address range');
    await expect(run({ allow_cidr: ['example.com'] })).rejects.toThrow('is no address range');
    await expect(run({ allow_namespaces: ['Shop'] })).rejects.toThrow('allow_namespaces');
  });
});

describe('networkpolicy of a workload', () => {
  it('selects the pods of every rollout with four calls', async () => {
    const { replicaSet: owner, pods } = shopFront();
    const outcome = await run({ scope: 'workload' }, pods[0]);
    expect(outcome.message).toBe(
      `created the NetworkPolicy falco-talon-deployment-front: blocks all egress of Deployment front of pod shop/${pods[0]}`,
    );
    expect(cluster.calls()).toEqual([
      `GET ${PODS}/${pods[0]}`,
      `GET /apis/apps/v1/namespaces/shop/replicasets/${owner}`,
      `GET ${POLICIES}`,
      `PATCH ${POLICIES}/falco-talon-deployment-front`,
    ]);
    expect(policy('falco-talon-deployment-front')?.spec?.['podSelector']).toEqual({ matchLabels: { app: 'front' } });
    expect(labels(pods[0]!)).not.toHaveProperty('falco-talon.org/networkpolicy');
  });

  it('makes one policy for alerts about several of its pods', async () => {
    const { pods } = shopFront();
    for (const name of pods) expect((await run({ scope: 'workload' }, name)).status).toBe('success');
    expect(policies()).toEqual(['falco-talon-deployment-front']);
  });

  it('keeps matchExpressions of the selector', async () => {
    const matchExpressions = [{ key: 'tier', operator: 'NotIn', values: ['back'] }];
    const objects = replicaSet({ name: 'web', namespace: 'shop' });
    objects[0]!.spec = { ...objects[0]!.spec, selector: { matchLabels: { app: 'web' }, matchExpressions } };
    create(...objects);
    await run({ scope: 'workload' }, objects[1]!.metadata.name);
    expect(policy('falco-talon-replicaset-web')?.spec?.['podSelector']).toEqual({
      matchLabels: { app: 'web' },
      matchExpressions,
    });
  });

  it('is the pod alone when it has no owner, and says so', async () => {
    const outcome = await run({ scope: 'workload' });
    expect(outcome.message).toBe(
      'created the NetworkPolicy falco-talon-pod-cart-0: blocks all egress of pod shop/cart-0 (only the pod: it has no owner)',
    );
    expect(cluster.calls()).toHaveLength(4);
    expect(labels('cart-0')).toHaveProperty('falco-talon.org/networkpolicy');
  });

  it('is the pod alone when another one of its StatefulSet is protected, and says so', async () => {
    create(...statefulSet({ name: 'db', namespace: 'shop', replicas: 2, labels: { app: 'db' } }));
    const whyProtected = ({ name }: Target) => (name === 'db-0' ? 'pod shop/db-0 is protected' : undefined);
    for (const dryRun of [true, false]) {
      const { message } = await run({ scope: 'workload' }, 'db-1', {}, { whyProtected, dryRun });
      expect(message).toContain('falco-talon-pod-db-1: blocks all egress of pod shop/db-1 (only the pod: ');
      expect(message).toContain('owner StatefulSet db has a pod to be left alone: pod shop/db-0 is protected)');
    }
    expect(policies()).toEqual(['falco-talon-pod-db-1']);
    expect(labels('db-0')).not.toHaveProperty('falco-talon.org/networkpolicy');
    expect((await run({ scope: 'workload' }, 'db-1')).message).toContain('StatefulSet db of pod shop/db-1');
  });

  it('fails for a pod re-created under the same name', async () => {
    const outcome = await run({ scope: 'workload' }, 'cart-0', { 'k8s.pod.uid': 'uid-0' });
    expect(outcome.error?.code).toBe('target_gone');
    expect(writes(cluster.api)).toBe(0);
  });
});
