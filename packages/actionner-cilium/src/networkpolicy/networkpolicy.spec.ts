import { ciliumCrds, deployment, job, pod, type JsonObject, type ObjectInput } from '@falco-talon/fake-kubernetes';
import { runActionner, testActionner } from '@falco-talon/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { alertAbout, hanging, startCluster, writes, type TestCluster } from '../../spec/cluster.ts';
import { networkpolicy } from './networkpolicy.ts';

const FRONT = deployment({ name: 'front', namespace: 'shop', replicas: 2, labels: { app: 'front' } });
const named = (kind: string) => FRONT.filter((object) => object.kind === kind).map(({ metadata }) => metadata.name!);
const [OWNER, FIRST, SECOND] = [named('ReplicaSet')[0]!, named('Pod')[0]!, named('Pod')[1]!];

let cluster: TestCluster;

function clear(): void {
  cluster.api.clearFaults();
  for (const plural of ['pods', 'deployments', 'replicasets', 'services', 'ciliumnetworkpolicies']) {
    for (const { metadata } of cluster.api.objects(plural, 'shop')) cluster.api.remove(plural, 'shop', metadata.name);
  }
  cluster.api.create(pod({ name: 'cart', namespace: 'shop', uid: 'uid-1', labels: { app: 'cart' } }), ...FRONT);
  cluster.api.clearRequests();
}
const policies = () => cluster.api.objects('ciliumnetworkpolicies', 'shop');
function denied(): readonly string[] {
  const rules = (policies()[0]?.spec?.['egressDeny'] ?? []) as unknown as readonly { readonly toCIDR: string[] }[];
  return rules.flatMap(({ toCIDR }) => toCIDR);
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
  cluster = await startCluster({ objects: ciliumCrds() });
});
beforeEach(clear);
afterAll(() => cluster.close());

testActionner(networkpolicy, {
  events: () => [alertAbout('cart', { 'k8s.pod.uid': 'uid-1' }), alertAbout(FIRST)],
  clients: () => ({ kubernetes: cluster.client }),
  prepare: clear,
  snapshot: () => [policies(), writes(cluster.api), cluster.api.get('pods', 'shop', 'cart')?.metadata.labels],
  hang: () => hanging(cluster.api),
});

describe('cilium:networkpolicy', () => {
  const POLICIES = '/apis/cilium.io/v2/namespaces/shop/ciliumnetworkpolicies';

  it('keeps the workload from the address with four calls', async () => {
    const outcome = await run('203.0.113.7');
    expect(outcome).toMatchObject({
      status: 'success',
      message: `egress to 203.0.113.7/32 of Deployment front of pod shop/${FIRST} is denied by the new CiliumNetworkPolicy falco-talon-deployment-front`,
      objects: { pod: FIRST, namespace: 'shop', ciliumnetworkpolicy: 'falco-talon-deployment-front' },
    });
    expect(cluster.calls()).toEqual([
      `GET /api/v1/namespaces/shop/pods/${FIRST}`,
      `GET /apis/apps/v1/namespaces/shop/replicasets/${OWNER}`,
      `GET ${POLICIES}/falco-talon-deployment-front`,
      `POST ${POLICIES}`,
    ]);
    expect(policies()[0]?.spec).toMatchObject({
      endpointSelector: { matchLabels: { app: 'front' } },
      egressDeny: [{ toCIDR: ['203.0.113.7/32'] }],
      egress: [{ toCIDR: ['0.0.0.0/0', '::/0'] }, { toEntities: ['cluster'] }, { toEntities: ['cluster'] }],
    });
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
    expect(second.message).toContain('is denied by the CiliumNetworkPolicy');
    expect(cluster.calls()).toHaveLength(4);
    await run('::ffff:203.0.113.8', { name: SECOND });
    expect(policies()).toHaveLength(1);
    expect(denied()).toEqual(['203.0.113.7/32', '2001:db8::9/128', '203.0.113.8/32']);
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
    await run('203.0.113.7', { parameters: { allow_cidr: ['10.1.2.3/8'], allow_namespaces: ['shop'] } });
    expect(policies()[0]?.spec?.['egress']).toMatchObject([
      { toCIDR: ['10.0.0.0/8'] },
      { toEndpoints: [{ matchLabels: { 'k8s:io.kubernetes.pod.namespace': 'shop' } }] },
      { toEntities: ['cluster'] },
    ]);
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
    const held = cluster.api.fault({ kind: 'hold', match: { method: 'POST', resource: 'ciliumnetworkpolicies' } });
    const running = [run('203.0.113.1'), run('203.0.113.2', { clients: { kubernetes: other } })];
    const asked = () => cluster.api.requests.filter(({ method }) => method === 'POST').length;
    await cluster.api.waitForRequest(() => asked() === 2);
    held.release();
    for (const outcome of await Promise.all(running)) expect(outcome.status).toBe('success');
    expect([...denied()].toSorted()).toEqual(['203.0.113.1/32', '203.0.113.2/32']);
  });

  it("never changes somebody else's policy of that name", async () => {
    const name = 'falco-talon-deployment-front';
    const theirs: ObjectInput = {
      apiVersion: 'cilium.io/v2',
      kind: 'CiliumNetworkPolicy',
      metadata: { name, namespace: 'shop', labels: { 'app.kubernetes.io/managed-by': 'Helm' } },
      spec: { endpointSelector: {} },
    };
    cluster.api.create(theirs);
    const before = policies();
    for (const dryRun of [true, false]) {
      const outcome = await run('203.0.113.7', { dryRun });
      expect(outcome.error?.code).toBe('refused');
      expect(outcome.message).toContain(`shop/${name} exists and was not made by Falco Talon`);
    }
    expect(policies()).toEqual(before);
  });

  it('is about the pod alone when it has no owner: marked, with four calls', async () => {
    const outcome = await run('203.0.113.7', { name: 'cart' });
    expect(outcome.message).toContain('of pod shop/cart (only the pod: it has no owner) is denied by the new');
    expect(cluster.calls()).toEqual([
      'GET /api/v1/namespaces/shop/pods/cart',
      `GET ${POLICIES}/falco-talon-pod-cart`,
      'PATCH /api/v1/namespaces/shop/pods/cart',
      `POST ${POLICIES}`,
    ]);
    expect(policies()[0]?.spec?.['endpointSelector']).toEqual({
      matchLabels: { 'falco-talon.org/networkpolicy': 'cart' },
    });
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
    expect(policies()[0]?.spec?.['endpointSelector']).toEqual({
      matchLabels: { 'falco-talon.org/networkpolicy': FIRST },
    });
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
    cluster.api.change('ciliumnetworkpolicies', 'shop', policies()[0]!.metadata.name, (object) => {
      object.spec = { ...object.spec, egressDeny: [{ toCIDR: ['203.0.113.7/32'] }, { toCIDR: nets }] };
    });
    const outcome = await run('203.0.113.8');
    expect(outcome.error?.code).toBe('too_large');
    expect(outcome.message).toContain('denies 1000 addresses already');
  });

  it('in a dry run tells what it would do', async () => {
    const dry = async (address: string) => (await run(address, { dryRun: true })).message;
    expect(await dry('203.0.113.7')).toContain('would be denied by a new CiliumNetworkPolicy');
    expect(writes(cluster.api)).toBe(0);
    await run('203.0.113.7');
    expect(await dry('203.0.113.7')).toContain('is denied already by the');
    expect(await dry('203.0.113.8')).toContain('would be denied by the CiliumNetworkPolicy');
  });

  it('refuses ranges and namespaces that are none when the rules load', async () => {
    await expect(run('203.0.113.7', { parameters: { allow_cidr: ['10.0.0.0/33'] } })).rejects.toThrow(
      '"10.0.0.0/33" is no address range',
    );
    await expect(run('203.0.113.7', { parameters: { allow_namespaces: ["a' || all()"] } })).rejects.toThrow(
      'allow_namespaces',
    );
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
  const bare = await startCluster({ objects: FRONT });
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
