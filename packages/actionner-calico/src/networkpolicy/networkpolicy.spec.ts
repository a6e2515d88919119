import {
  calicoCrds,
  deployment,
  pod,
  type CalicoInput,
  type FakeKubernetes,
  type ObjectInput,
} from '@falco-talon/fake-kubernetes';
import { runActionner, testActionner } from '@falco-talon/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { alertAbout, hanging, startCluster, writes, type TestCluster } from '../../spec/cluster.ts';
import { networkpolicy } from './networkpolicy.ts';

const STORED = { group: 'crd.projectcalico.org' } as const;
const PUBLIC = { group: 'projectcalico.org' } as const;
const FRONT = deployment({ name: 'front', namespace: 'shop', replicas: 2, labels: { app: 'front' } });
const named = (kind: string) => FRONT.filter((object) => object.kind === kind).map(({ metadata }) => metadata.name!);
const [OWNER, FIRST, SECOND] = [named('ReplicaSet')[0]!, named('Pod')[0]!, named('Pod')[1]!];

let cluster: TestCluster;
const clusters: TestCluster[] = [];
async function start(...served: readonly CalicoInput[]): Promise<TestCluster> {
  const started = await startCluster({ objects: served.flatMap((input) => calicoCrds(input)) });
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
const policy = (name: string) => policies().find(({ metadata }) => metadata.name === name);
function denied(of = policies()[0]): readonly string[] {
  const egress = (of?.spec?.['egress'] ?? []) as unknown as readonly {
    action: string;
    destination: { nets?: string[] };
  }[];
  return egress.flatMap(({ action, destination }) => (action === 'Deny' ? (destination.nets ?? []) : []));
}
const run = (
  address: string,
  {
    parameters = {},
    name = FIRST,
    fields = {},
    ...more
  }: {
    readonly parameters?: Record<string, unknown>;
    readonly name?: string;
    readonly fields?: Record<string, unknown>;
    readonly [option: string]: unknown;
  } = {},
) =>
  runActionner(networkpolicy, {
    event: alertAbout(name, { 'fd.rip': address, ...fields }),
    parameters,
    clients: { kubernetes: cluster.client },
    ...more,
  });

beforeAll(async () => {
  cluster = await start(STORED);
});
beforeEach(() => clear(cluster.api));
afterAll(async () => {
  for (const started of clusters) await started.close();
});

testActionner(networkpolicy, {
  events: () => [alertAbout('cart', { 'k8s.pod.uid': 'uid-1' }), alertAbout(FIRST)],
  clients: () => ({ kubernetes: cluster.client }),
  prepare: () => clear(cluster.api),
  snapshot: () => [policies(), writes(cluster.api), cluster.api.get('pods', 'shop', 'cart')?.metadata.labels],
  hang: () => hanging(cluster.api),
});

describe('calico:networkpolicy', () => {
  const POLICIES = '/apis/crd.projectcalico.org/v1/namespaces/shop/networkpolicies';

  it('keeps the workload from the address with four calls', async () => {
    const outcome = await run('203.0.113.7');
    expect(outcome).toMatchObject({
      status: 'success',
      message: `egress to 203.0.113.7/32 of Deployment front of pod shop/${FIRST} is denied by the new NetworkPolicy of Calico default.falco-talon-deployment-front`,
      objects: { pod: FIRST, namespace: 'shop', networkpolicy: 'default.falco-talon-deployment-front' },
    });
    expect(cluster.calls()).toEqual([
      `GET /api/v1/namespaces/shop/pods/${FIRST}`,
      `GET /apis/apps/v1/namespaces/shop/replicasets/${OWNER}`,
      `GET ${POLICIES}/default.falco-talon-deployment-front`,
      `POST ${POLICIES}`,
    ]);
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

  it('says who made the policy, and why', async () => {
    const event = alertAbout(FIRST);
    await run('203.0.113.7', { event, step: { rule: 'Cut off', action: 'Isolate' } });
    expect(policies()[0]?.metadata).toMatchObject({
      labels: { 'app.kubernetes.io/managed-by': 'falco-talon' },
      annotations: {
        'falco-talon.org/rule': 'Cut off',
        'falco-talon.org/action': 'Isolate',
        'falco-talon.org/trace-id': event.traceId,
      },
    });
  });

  it('keeps what was denied before, each once, whichever of its pods the alert is about', async () => {
    await run('203.0.113.7');
    cluster.calls();
    const second = await run('2001:DB8::9', { name: SECOND });
    expect(second.message).toContain('is denied by the NetworkPolicy of Calico');
    expect(cluster.calls()).toHaveLength(4);
    await run('::ffff:203.0.113.8', { name: SECOND });
    expect(policies()).toHaveLength(1);
    expect(denied()).toEqual(['203.0.113.7/32', '203.0.113.8/32', '2001:db8::9/128']);
  });

  it('writes nothing for an address that is denied already, and says so', async () => {
    await run('203.0.113.7');
    cluster.calls();
    const before = policies()[0];
    const outcome = await run('::ffff:203.0.113.7', { name: SECOND });
    expect(outcome.status).toBe('success');
    expect(outcome.message).toContain('was denied already by');
    expect(cluster.calls().map((call) => call.split(' ', 1)[0])).toEqual(['GET', 'GET', 'GET']);
    expect(policies()[0]).toEqual(before);
  });

  it('follows a rule that allows something else since', async () => {
    await run('203.0.113.7');
    await run('203.0.113.7', { parameters: { allow_cidr: ['10.1.2.3/8'], allow_namespaces: ['shop'], order: 5 } });
    expect(policies()[0]?.spec).toMatchObject({ order: 5 });
    expect(JSON.stringify(policies()[0]?.spec)).toContain('"nets":["10.0.0.0/8"]');
    expect(JSON.stringify(policies()[0]?.spec)).toContain("projectcalico.org/name == 'shop'");
    expect(denied()).toEqual(['203.0.113.7/32']);
  });

  it('denies every address of alerts that come at the same moment to two processes, each once', async () => {
    const other = await cluster.connect();
    const addresses = Array.from({ length: 20 }, (_, i) => `203.0.113.${i + 1}`);
    const outcomes = await Promise.all(
      [...addresses, ...addresses.slice(0, 5)].map((address, i) =>
        run(address, {
          name: i % 3 === 0 ? FIRST : SECOND,
          clients: { kubernetes: i % 2 === 0 ? cluster.client : other },
        }),
      ),
    );
    expect(outcomes.map(({ message, status }) => (status === 'success' ? status : message))).toEqual(
      outcomes.map(() => 'success'),
    );
    expect([...denied()].toSorted()).toEqual(addresses.map((address) => `${address}/32`).toSorted());
  });

  it('denies both addresses when both processes saw no policy', async () => {
    const other = await cluster.connect();
    const held = cluster.api.fault({ kind: 'hold', match: { method: 'POST', resource: 'networkpolicies' } });
    const running = [run('203.0.113.1'), run('203.0.113.2', { clients: { kubernetes: other } })];
    const asked = () => cluster.api.requests.filter(({ method }) => method === 'POST').length;
    await cluster.api.waitForRequest(() => asked() === 2);
    held.release();
    for (const outcome of await Promise.all(running)) expect(outcome.status).toBe('success');
    expect([...denied()].toSorted()).toEqual(['203.0.113.1/32', '203.0.113.2/32']);
  });

  it("never changes somebody else's policy of that name", async () => {
    const name = 'default.falco-talon-deployment-front';
    const theirs: ObjectInput = {
      apiVersion: 'crd.projectcalico.org/v1',
      kind: 'NetworkPolicy',
      metadata: { name, namespace: 'shop', labels: { 'app.kubernetes.io/managed-by': 'Helm' } },
      spec: { selector: 'all()' },
    };
    cluster.api.create(theirs);
    const before = policy(name);
    for (const dryRun of [true, false]) {
      const outcome = await run('203.0.113.7', { dryRun });
      expect(outcome.error?.code).toBe('refused');
      expect(outcome.message).toContain(`shop/${name} exists and was not made by Falco Talon`);
    }
    expect(policy(name)).toEqual(before);
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

  it('is about the pod alone when it has no owner: marked, with four calls', async () => {
    const outcome = await run('203.0.113.7', { name: 'cart' });
    expect(outcome.message).toContain('of pod shop/cart (only the pod: it has no owner) is denied by the new');
    expect(cluster.calls()).toEqual([
      'GET /api/v1/namespaces/shop/pods/cart',
      `GET ${POLICIES}/default.falco-talon-pod-cart`,
      'PATCH /api/v1/namespaces/shop/pods/cart',
      `POST ${POLICIES}`,
    ]);
    expect(policies()[0]?.spec?.['selector']).toBe("falco-talon.org/networkpolicy == 'cart'");
    expect(cluster.api.get('pods', 'shop', 'cart')?.metadata.labels).toHaveProperty('falco-talon.org/networkpolicy');
    await run('203.0.113.8', { name: 'cart' });
    expect(cluster.calls()).toHaveLength(3);
  });

  it('marks a new pod of an old name, whose address was denied before', async () => {
    await run('203.0.113.7', { name: 'cart' });
    cluster.api.remove('pods', 'shop', 'cart');
    cluster.api.create(pod({ name: 'cart', namespace: 'shop', labels: { app: 'cart' } }));
    expect((await run('203.0.113.7', { name: 'cart' })).message).toContain('was denied already');
    expect(cluster.api.get('pods', 'shop', 'cart')?.metadata.labels).toHaveProperty('falco-talon.org/networkpolicy');
  });

  it('never selects by labels of the pod, which are not its owner’s', async () => {
    cluster.api.change('pods', 'shop', FIRST, ({ metadata }) => {
      metadata.labels = { ...metadata.labels, app: 'kube-dns' };
    });
    const outcome = await run('203.0.113.7');
    expect(outcome.message).toContain(`only the pod: the selector of its owner ReplicaSet ${OWNER} leaves it out`);
    expect(policies()[0]?.spec?.['selector']).toBe(`falco-talon.org/networkpolicy == '${FIRST}'`);
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

  it.each([
    ['10.244.0.51', {}, 'invalid_value', 'is the address of pod shop/front'],
    ['203.0.113.7', { 'k8s.pod.uid': 'another' }, 'target_gone', 're-created'],
    ['127.0.0.1', {}, 'invalid_value', 'a loopback address'],
    ['::ffff:10.244.0.51', {}, 'invalid_value', 'is the address of pod shop/front'],
  ])('refuses %s %j: %s', async (address, fields, code, text) => {
    const outcome = await run(address, { fields });
    expect(outcome.error?.code).toBe(code);
    expect(outcome.message).toContain(text);
    expect(writes(cluster.api)).toBe(0);
  });

  it('fails where a policy has no effect', async () => {
    cluster.api.create(pod({ name: 'proxy', namespace: 'shop', spec: { hostNetwork: true } }));
    const outcome = await run('203.0.113.7', { name: 'proxy' });
    expect(outcome.error?.code).toBe('unsupported');
    expect(outcome.message).toContain("uses its node's network");
  });

  it('adds no more than a thousand addresses', async () => {
    await run('203.0.113.7');
    const nets = Array.from({ length: 999 }, (_, i) => `10.0.${i >> 8}.${i & 255}/32`);
    cluster.api.change(`networkpolicies.${STORED.group}`, 'shop', policies()[0]!.metadata.name, (object) => {
      object.spec = {
        ...object.spec,
        egress: [{ action: 'Deny', destination: { nets: ['203.0.113.7/32', ...nets] } }],
      };
    });
    const outcome = await run('203.0.113.8');
    expect(outcome.error?.code).toBe('too_large');
    expect(outcome.message).toContain('denies 1000 addresses already');
  });

  it('in a dry run tells what it would do', async () => {
    const dry = async (address: string) => (await run(address, { dryRun: true })).message;
    expect(await dry('203.0.113.7')).toContain('would be denied by a new NetworkPolicy of Calico');
    expect(writes(cluster.api)).toBe(0);
    await run('203.0.113.7');
    expect(await dry('203.0.113.7')).toContain('is denied already by the');
    expect(await dry('203.0.113.8')).toContain('would be denied by the NetworkPolicy of Calico');
  });

  it('refuses ranges and namespaces that are none when the rules load', async () => {
    await expect(run('203.0.113.7', { parameters: { allow_cidr: ['10.0.0.0/33'] } })).rejects.toThrow(
      '"10.0.0.0/33" is no address range',
    );
    await expect(run('203.0.113.7', { parameters: { allow_namespaces: ["a' || all()"] } })).rejects.toThrow(
      'allow_namespaces',
    );
  });

  it('has a name without dots for a pod with dots', async () => {
    cluster.api.create(pod({ name: 'a.b', namespace: 'shop' }), pod({ name: 'a-b', namespace: 'shop' }));
    await run('203.0.113.7', { name: 'a.b' });
    await run('203.0.113.7', { name: 'a-b' });
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
