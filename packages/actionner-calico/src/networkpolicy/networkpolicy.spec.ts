import { kubernetes, type Kubernetes } from '@falco-talon/client-kubernetes';
import {
  calicoCrds,
  deployment,
  pod,
  startFakeKubernetes,
  statefulSet,
  type CalicoInput,
  type FakeKubernetes,
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

const STORED = { group: 'crd.projectcalico.org' } as const;
const PUBLIC = { group: 'projectcalico.org' } as const;
const FRONT = deployment({ name: 'front', namespace: 'shop', replicas: 2, labels: { app: 'front' } });
const named = (kind: string) => FRONT.filter((object) => object.kind === kind).map(({ metadata }) => metadata.name!);
const [OWNER, FIRST] = [named('ReplicaSet')[0]!, named('Pod')[0]!];

let cluster: ConnectedCluster<FakeKubernetes, Kubernetes>;
const clusters: ConnectedCluster<FakeKubernetes, Kubernetes>[] = [];
async function start(...served: readonly CalicoInput[]): Promise<ConnectedCluster<FakeKubernetes, Kubernetes>> {
  const started = await connectCluster(
    await startFakeKubernetes({ objects: served.flatMap((input) => calicoCrds(input)) }),
    kubernetes,
  );
  clusters.push(started);
  return started;
}
function clear(api: FakeKubernetes): void {
  api.clearFaults();
  for (const plural of ['pods', 'deployments', 'replicasets', `networkpolicies.${STORED.group}`]) {
    for (const { metadata } of api.objects(plural, 'shop')) api.remove(plural, 'shop', metadata.name);
  }
  api.create(pod({ name: 'cart', namespace: 'shop', uid: 'uid-1', labels: { app: 'cart' } }), ...FRONT);
  api.clearRequests();
}
const policies = (api = cluster.api, group: string = STORED.group) => api.objects(`networkpolicies.${group}`, 'shop');
function denied(policy: StoredObject = policies()[0]!): readonly string[] {
  const { egress = [] } = policy.spec as {
    egress?: { action: string; destination: { nets?: string[] } }[];
  };
  return egress.flatMap(({ action, destination }) => (action === 'Deny' ? (destination.nets ?? []) : []));
}
const run = (address: string, options: RunOptions = {}) =>
  runActionner(networkpolicy, {
    event: alertOfConnection(FIRST, { 'fd.rip': address }),
    clients: { kubernetes: cluster.client },
    ...options,
  });

beforeAll(async () => {
  cluster = await start(STORED);
});
beforeEach(() => clear(cluster.api));
afterAll(async () => {
  for (const started of clusters) await started.close();
});

testActionner(networkpolicy, {
  events: () => [alertOfConnection('cart', { 'k8s.pod.uid': 'uid-1' }), alertOfConnection(FIRST)],
  clients: () => ({ kubernetes: cluster.client }),
  prepare: () => clear(cluster.api),
  snapshot: () => [policies(), writes(cluster.api), cluster.api.get('pods', 'shop', 'cart')?.metadata.labels],
  hang: () => hanging(cluster.api),
});

testDeniedAddresses(networkpolicy, {
  cluster: () => cluster,
  prepare: () => clear(cluster.api),
  pod: (name, isHost = false) =>
    pod({ name, namespace: 'shop', labels: { app: name }, spec: isHost ? { hostNetwork: true } : {} }),
  plural: `networkpolicies.${STORED.group}`,
  kind: 'NetworkPolicy of Calico',
  path: '/apis/crd.projectcalico.org/v1/namespaces/shop/networkpolicies',
  prefix: 'default.',
  theirs: (name) => ({
    apiVersion: 'crd.projectcalico.org/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace: 'shop', labels: { 'app.kubernetes.io/managed-by': 'Helm' } },
    spec: { selector: 'all()' },
  }),
  denied,
  deny(policy, nets) {
    policy.spec = { ...policy.spec, egress: [{ action: 'Deny', destination: { nets } }] };
  },
  selector: 'selector',
  marked: (name) => `falco-talon.org/networkpolicy == '${name}'`,
});

describe('calico:networkpolicy', () => {
  it('denies first, then allows what else there is', async () => {
    const outcome = await run('203.0.113.7');
    expect(outcome.objects).toEqual({
      pod: FIRST,
      namespace: 'shop',
      networkpolicy: 'default.falco-talon-deployment-front',
    });
    expect(policies()[0]?.spec).toMatchObject({
      tier: 'default',
      order: 0,
      selector: "app == 'front'",
      types: ['Egress'],
    });
    expect(policies()[0]?.spec?.['egress']).toMatchObject([
      { action: 'Deny', destination: { nets: ['203.0.113.7/32'] } },
      { action: 'Allow', destination: { nets: ['0.0.0.0/0'] } },
      { action: 'Allow', destination: { nets: ['::/0'] } },
      { action: 'Allow', destination: { namespaceSelector: 'all()' } },
      ...[0, 1, 2, 3].map(() => ({ action: 'Allow' })),
    ]);
  });

  it('follows a rule that allows something else since', async () => {
    await run('203.0.113.7');
    await run('203.0.113.7', { parameters: { allow_cidr: ['10.1.2.3/8'], allow_namespaces: ['shop'], order: 5 } });
    expect(policies()[0]?.spec).toMatchObject({ order: 5 });
    expect(JSON.stringify(policies()[0]?.spec)).toContain('"nets":["10.0.0.0/8"]');
    expect(JSON.stringify(policies()[0]?.spec)).toContain("projectcalico.org/name == 'shop'");
    expect(denied()).toEqual(['203.0.113.7/32']);
  });

  it("recognises its own policy in what Calico's API server stored", async () => {
    const labels = { 'app.kubernetes.io/managed-by': 'falco-talon' };
    cluster.api.create({
      apiVersion: 'crd.projectcalico.org/v1',
      kind: 'NetworkPolicy',
      metadata: {
        name: 'default.falco-talon-deployment-front',
        namespace: 'shop',
        annotations: { 'projectcalico.org/metadata': JSON.stringify({ labels }) },
      },
      spec: { egress: [{ action: 'Deny', destination: { nets: ['192.0.2.1/32'] } }] },
    });
    expect((await run('203.0.113.7')).status).toBe('success');
    expect(denied()).toEqual(['192.0.2.1/32', '203.0.113.7/32']);
  });

  it('is about the pod alone when Calico cannot say its owner’s selector', async () => {
    cluster.api.change('replicasets', 'shop', OWNER, (object) => {
      const values = ['front', ...Array.from({ length: 100 }, (_, i) => `value-${i}-of-many`)];
      object.spec = { ...object.spec, selector: { matchExpressions: [{ key: 'app', operator: 'In', values }] } };
    });
    const outcome = await run('203.0.113.7');
    expect(outcome.message).toContain('(only the pod: the selector of its owner is longer than the 1024 characters');
    expect(policies()[0]?.spec?.['selector']).toBe(`falco-talon.org/networkpolicy == '${FIRST}'`);
  });

  it('is about the pod alone when another one of its StatefulSet is protected', async () => {
    cluster.api.create(...statefulSet({ name: 'db', namespace: 'shop', replicas: 2, labels: { app: 'db' } }));
    const outcome = await run('203.0.113.7', {
      event: alertOfConnection('db-1'),
      whyProtected: ({ name }) => (name === 'db-0' ? 'pod shop/db-0 is protected' : undefined),
    });
    expect(outcome.message).toContain('StatefulSet db has a pod to be left alone: pod shop/db-0 is protected');
    expect(policies().map(({ spec }) => spec)).toEqual([
      expect.objectContaining({ selector: "falco-talon.org/networkpolicy == 'db-1'" }),
    ]);
  });

  it('has a name without dots for a pod with dots', async () => {
    cluster.api.create(pod({ name: 'a.b', namespace: 'shop' }), pod({ name: 'a-b', namespace: 'shop' }));
    await run('203.0.113.7', { event: alertOfConnection('a.b') });
    await run('203.0.113.7', { event: alertOfConnection('a-b') });
    const names = policies().map(({ metadata }) => metadata.name.replace(/^default\./, ''));
    expect(new Set(names).size).toBe(2);
    expect(names.join(' ')).not.toContain('.');
  });
});

describe('the API of Calico', () => {
  it('is the public one where it is served', async () => {
    const both = await start(STORED, PUBLIC);
    clear(both.api);
    for (const address of ['203.0.113.7', '2001:db8::7', '203.0.113.7']) {
      const outcome = await run(address, { clients: { kubernetes: both.client } });
      expect(outcome).toMatchObject({
        status: 'success',
        objects: { networkpolicy: 'falco-talon-deployment-front' },
      });
    }
    expect(policies(both.api)).toEqual([]);
    expect(denied(policies(both.api, PUBLIC.group)[0])).toEqual(['203.0.113.7/32', '2001:db8::7/128']);
    expect(writes(both.api)).toBe(2);
  });

  it.each([
    ['get', 'tier.networkpolicies'],
    ['update', 'tier.networkpolicies'],
    ['get', 'tiers'],
  ])('names the right to %s %s, which its API server wants and does not name', async (verb, resource) => {
    const guarded = await start(PUBLIC);
    guarded.api.create(...FRONT);
    await run('203.0.113.7', { clients: { kubernetes: guarded.client } });
    const rules = networkpolicy.permissions.flatMap((permission) =>
      permission.kind === 'kubernetes'
        ? permission.resources.map((of) => ({
            apiGroups: [permission.apiGroup],
            resources: [of],
            verbs: permission.verbs.filter((own) => own !== verb || of !== resource),
          }))
        : [],
    );
    guarded.api.addUser({ name: 'system:serviceaccount:talon:engine', rules });
    const kubernetes = await guarded.connect('system:serviceaccount:talon:engine');
    const outcome = await run('203.0.113.8', { clients: { kubernetes } });
    expect(outcome.error).toMatchObject({ code: 'forbidden', retryable: false });
    expect(outcome.message).toContain(`wants the right to ${verb} ${resource}.projectcalico.org`);
    expect(denied(policies(guarded.api, PUBLIC.group)[0])).toEqual(['203.0.113.7/32']);
  });

  it('is missing where Calico is not installed, and the failure says what is', async () => {
    const bare = await start();
    bare.api.create(...FRONT);
    for (const dryRun of [true, false]) {
      const outcome = await run('203.0.113.7', { clients: { kubernetes: bare.client }, dryRun });
      expect(outcome.error?.code).toBe('unsupported');
      expect(outcome.message).toBe(
        'Calico is not installed: the cluster serves networkpolicies neither of projectcalico.org/v3 nor of crd.projectcalico.org/v1',
      );
    }
  });
});
