import { kubernetes, type Kubernetes } from '@falco-talon/client-kubernetes';
import {
  ciliumCrds,
  deployment,
  job,
  pod,
  startFakeKubernetes,
  statefulSet,
  type FakeKubernetes,
  type JsonObject,
  type ObjectInput,
} from '@falco-talon/fake-kubernetes';
import {
  alertOfConnection,
  connectCluster,
  hanging,
  runActionner,
  testActionner,
  testDeniedAddresses,
  writes,
  type ConnectedCluster,
  type RunOptions,
  type StoredObject,
} from '@falco-talon/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { networkpolicy } from './networkpolicy.ts';

const FRONT = deployment({ name: 'front', namespace: 'shop', replicas: 2, labels: { app: 'front' } });
const FIRST = FRONT.find(({ kind }) => kind === 'Pod')!.metadata.name!;

let cluster: ConnectedCluster<FakeKubernetes, Kubernetes>;

function clear(): void {
  cluster.api.clearFaults();
  for (const plural of ['pods', 'deployments', 'replicasets', 'services', 'ciliumnetworkpolicies']) {
    for (const { metadata } of cluster.api.objects(plural, 'shop')) cluster.api.remove(plural, 'shop', metadata.name);
  }
  cluster.api.create(pod({ name: 'cart', namespace: 'shop', uid: 'uid-1', labels: { app: 'cart' } }), ...FRONT);
  cluster.api.clearRequests();
}
const policies = () => cluster.api.objects('ciliumnetworkpolicies', 'shop');
function denied(policy: StoredObject = policies()[0]!): readonly string[] {
  const { egressDeny = [] } = policy.spec as { egressDeny?: { toCIDR: string[] }[] };
  return egressDeny.flatMap(({ toCIDR }) => toCIDR);
}
const run = (address: string, { name = FIRST, ...options }: RunOptions & { readonly name?: string } = {}) =>
  runActionner(networkpolicy, {
    event: alertOfConnection(name, { 'fd.rip': address }),
    clients: { kubernetes: cluster.client },
    ...options,
  });

beforeAll(async () => {
  cluster = await connectCluster(await startFakeKubernetes({ objects: ciliumCrds() }), kubernetes);
});
beforeEach(clear);
afterAll(() => cluster.close());

testActionner(networkpolicy, {
  events: () => [alertOfConnection('cart', { 'k8s.pod.uid': 'uid-1' }), alertOfConnection(FIRST)],
  clients: () => ({ kubernetes: cluster.client }),
  prepare: clear,
  snapshot: () => [policies(), writes(cluster.api), cluster.api.get('pods', 'shop', 'cart')?.metadata.labels],
  hang: () => hanging(cluster.api),
});

testDeniedAddresses(networkpolicy, {
  cluster: () => cluster,
  prepare: clear,
  pod: (name, isHost = false) =>
    pod({ name, namespace: 'shop', labels: { app: name }, spec: isHost ? { hostNetwork: true } : {} }),
  plural: 'ciliumnetworkpolicies',
  kind: 'CiliumNetworkPolicy',
  path: '/apis/cilium.io/v2/namespaces/shop/ciliumnetworkpolicies',
  prefix: '',
  theirs: (name) => ({
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumNetworkPolicy',
    metadata: { name, namespace: 'shop', labels: { 'app.kubernetes.io/managed-by': 'Helm' } },
    spec: { endpointSelector: {} },
  }),
  denied,
  deny(policy, [first, ...others]) {
    policy.spec = { ...policy.spec, egressDeny: [{ toCIDR: [first] }, { toCIDR: others }] };
  },
  selector: 'endpointSelector',
  marked: (name) => ({ matchLabels: { 'falco-talon.org/networkpolicy': name } }),
});

describe('cilium:networkpolicy', () => {
  it('denies, and allows what else there is', async () => {
    const outcome = await run('203.0.113.7');
    expect(outcome.objects).toEqual({
      pod: FIRST,
      namespace: 'shop',
      ciliumnetworkpolicy: 'falco-talon-deployment-front',
    });
    expect(policies()[0]?.spec).toMatchObject({
      endpointSelector: { matchLabels: { app: 'front' } },
      egressDeny: [{ toCIDR: ['203.0.113.7/32'] }],
      egress: [{ toCIDR: ['0.0.0.0/0', '::/0'] }, { toEntities: ['cluster'] }, { toEntities: ['cluster'] }],
    });
  });

  it('follows a rule that allows something else since', async () => {
    await run('203.0.113.7');
    await run('203.0.113.7', { parameters: { allow_cidr: ['10.1.2.3/8'], allow_namespaces: ['shop'] } });
    expect(policies()[0]?.spec?.['egress']).toMatchObject([
      { toCIDR: ['10.0.0.0/8'] },
      { toEndpoints: [{ matchLabels: { 'k8s:io.kubernetes.pod.namespace': 'shop' } }] },
      { toEntities: ['cluster'] },
    ]);
    expect(denied()).toEqual(['203.0.113.7/32']);
  });

  it('is about the pod alone when another one of its StatefulSet is protected', async () => {
    cluster.api.create(...statefulSet({ name: 'db', namespace: 'shop', replicas: 2, labels: { app: 'db' } }));
    const outcome = await run('203.0.113.7', {
      event: alertOfConnection('db-1'),
      whyProtected: ({ name }) => (name === 'db-0' ? 'pod shop/db-0 is protected' : undefined),
    });
    expect(outcome.message).toContain('StatefulSet db has a pod to be left alone: pod shop/db-0 is protected');
    expect(policies().map(({ spec }) => spec)).toEqual([
      expect.objectContaining({ endpointSelector: { matchLabels: { 'falco-talon.org/networkpolicy': 'db-1' } } }),
    ]);
  });

  it('is about the pod alone when Cilium does not compare the labels its owner selects by', async () => {
    const objects = job({ name: 'backup', namespace: 'shop' });
    const labels = { 'batch.kubernetes.io/controller-uid': 'x' };
    cluster.api.create(
      ...objects.map((object) =>
        object.kind === 'Job'
          ? { ...object, spec: { ...object.spec, selector: { matchLabels: labels } } }
          : { ...object, metadata: { ...object.metadata, labels } },
      ),
    );
    const name = objects.find(({ kind }) => kind === 'Pod')!.metadata.name!;
    const outcome = await run('203.0.113.7', { name });
    cluster.api.remove('jobs', 'shop', 'backup');
    expect(outcome.message).toContain(
      "(only the pod: Cilium does not compare the label batch.kubernetes.io/controller-uid of its owner's selector)",
    );
    expect(policies()[0]?.spec?.['endpointSelector']).toEqual({
      matchLabels: { 'falco-talon.org/networkpolicy': name },
    });
  });
});

describe('an address in the cluster', () => {
  const service = (name: string, clusterIP: string): ObjectInput => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'shop' },
    spec: { clusterIP },
  });
  const at = (name: string, podIP: string, spec: JsonObject = {}): ObjectInput => {
    const made = pod({ name, namespace: 'elsewhere', spec });
    return { ...made, status: { ...made.status, podIP, podIPs: [{ ip: podIP }] } };
  };

  it.each([
    ['10.244.9.9', 'it is the address of pod elsewhere/db'],
    ['fd00:10:244::9', 'it is the address of pod elsewhere/db6'],
    ['10.99.0.7', 'it is the address of a node, that of pod elsewhere/cilium'],
    ['10.99.0.1', 'it is the address of the node the pod runs on'],
    ['10.96.0.10', 'it is the address of Service shop/cache'],
  ])('%s cannot be denied, and the failure says so', async (address, why) => {
    cluster.api.create(
      at('db', '10.244.9.9'),
      at('db6', 'fd00:10:244::9'),
      at('cilium', '10.99.0.7', { hostNetwork: true }),
      service('cache', '10.96.0.10'),
    );
    for (const dryRun of [true, false]) {
      const outcome = await run(address, { dryRun });
      expect(outcome.error?.code).toBe('unsupported');
      expect(outcome.message).toContain(`${address} is in the cluster: ${why}; Cilium's rules about addresses do not`);
    }
    expect(policies()).toEqual([]);
    for (const { metadata } of cluster.api.objects('pods', 'elsewhere')) {
      cluster.api.remove('pods', 'elsewhere', metadata.name);
    }
  });

  it('is looked for with two lists when a private address is new, and never when it is denied already', async () => {
    expect((await run('10.1.2.3')).status).toBe('success');
    expect(cluster.calls()).toHaveLength(6);
    expect((await run('10.1.2.3')).message).toContain('was denied already');
    expect(cluster.calls()).toHaveLength(3);
  });

  it('fails one alert, not those that come with it', async () => {
    cluster.api.create(service('cache', '10.96.0.10'));
    const outcomes = await Promise.all(['203.0.113.7', '10.96.0.10', '203.0.113.8'].map((address) => run(address)));
    expect(outcomes.map(({ status }) => status)).toEqual(['success', 'failure', 'success']);
    expect([...denied()].toSorted()).toEqual(['203.0.113.7/32', '203.0.113.8/32']);
  });
});

it('says what is missing where Cilium is not installed', async () => {
  const bare = await connectCluster(await startFakeKubernetes({ objects: FRONT }), kubernetes);
  try {
    for (const dryRun of [true, false]) {
      const outcome = await run('203.0.113.7', { clients: { kubernetes: bare.client }, dryRun });
      expect(outcome.error?.code).toBe('unsupported');
      expect(outcome.message).toBe(
        'Cilium is not installed: the cluster does not serve ciliumnetworkpolicies of cilium.io/v2',
      );
    }
  } finally {
    await bare.close();
  }
});
