import type { Actionner, FalcoEvent, TObject, Uses } from '@falco-talon/core';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { falcoEvent } from '../../events/falco-event.ts';
import type { RunOptions } from '../../run/attempt.ts';
import { runActionner, type Outcome } from '../../run/run-actionner.ts';
import type { ConnectedCluster } from './connect-cluster.ts';
import type { TestedCluster } from './tested-cluster.ts';

/** An object as an API server stores it. */
export interface StoredObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name?: string;
    labels?: Record<string, string>;
    readonly annotations?: Record<string, string>;
  };
  spec?: object;
}

/** A cluster whose objects can be changed behind the back of the plugin: `startFakeKubernetes()` gives one. */
export interface ChangingCluster extends TestedCluster {
  create(...objects: readonly StoredObject[]): unknown;
  objects(plural: string, namespace?: string): readonly StoredObject[];
  get(plural: string, namespace: string, name: string): StoredObject | undefined;
  change(plural: string, namespace: string, name: string, edit: (object: StoredObject) => void): unknown;
  remove(plural: string, namespace: string, name: string): void;
  fault(input: { kind: 'hold'; match: { method: string; resource: string } }): { release(): void };
  waitForRequest(predicate: () => boolean): Promise<unknown>;
}

/** How one kind of policy says what all of them say. */
export interface PolicyDialect {
  /** The plural, with the group where several have it. */
  readonly plural: string;
  /** In messages: `NetworkPolicy of Calico`. */
  readonly kind: string;
  /** Where those of `shop` are: `/apis/cilium.io/v2/namespaces/shop/ciliumnetworkpolicies`. */
  readonly path: string;
  /** What the stored name begins with. */
  readonly prefix: string;
  /** One that somebody else made. */
  readonly theirs: (name: string) => StoredObject;
  /** The ranges a policy denies, in its order. */
  readonly denied: (policy: StoredObject) => readonly string[];
  /** Makes it deny these. */
  readonly deny: (policy: StoredObject, ranges: readonly string[]) => void;
  /** Where its spec says whom it selects, and how that looks for one marked pod. */
  readonly selector: string;
  readonly marked: (pod: string) => unknown;
}

export interface DeniedAddressesOptions extends PolicyDialect {
  /** Asked when the tests run, after the `beforeAll` of the spec file. */
  readonly cluster: () => ConnectedCluster<ChangingCluster, unknown>;
  /**
   * Brings the cluster into the state the suite begins with: in the namespace `shop` no policy, a Deployment `front` with its
   * ReplicaSet and two pods, and a pod `cart` without an owner.
   */
  readonly prepare: () => unknown;
  /** A pod of the namespace `shop`, labelled `app: <name>`; on its node's network when `isHost`. */
  readonly pod: (name: string, isHost?: boolean) => StoredObject;
}

/** An alert about a connection of a pod of the namespace `shop` to 203.0.113.7. */
export function alertOfConnection(pod: string, fields: Readonly<Record<string, unknown>> = {}): FalcoEvent {
  return falcoEvent({ fields: { 'k8s.ns.name': 'shop', 'k8s.pod.name': pod, 'fd.rip': '203.0.113.7', ...fields } });
}

/**
 * Shows that an actionner keeps a workload from the remote address of an alert: each address stays denied, once, whoever
 * adds others at the same moment, and nobody else's policy is touched.
 * One line in a spec file: `testDeniedAddresses(networkpolicy, { ...dialect, cluster: () => cluster, prepare, pod })`
 */
export function testDeniedAddresses<P extends TObject, F extends TObject, U extends Uses>(
  actionner: Actionner<P, F, U>,
  options: DeniedAddressesOptions,
): void {
  const { plural, kind, path, prefix, prepare, selector, marked, pod } = options;

  describe(`actionner ${actionner.name} and the addresses it denies`, () => {
    let cluster: ConnectedCluster<ChangingCluster, unknown>;
    let owner: string;
    let [first, second] = ['', ''];
    beforeAll(() => {
      cluster = options.cluster();
    });
    beforeEach(async () => {
      await prepare();
      owner = cluster.api.objects('replicasets', 'shop')[0]!.metadata.name!;
      const pods = cluster.api.objects('pods', 'shop').map(({ metadata }) => metadata.name!);
      [first, second] = pods.filter((name) => name.startsWith('front')) as [string, string];
      cluster.api.clearRequests();
    });

    const run = (address: string, { name = first, fields = {}, client = cluster.client, ...more }: Run = {}) =>
      runActionner(actionner, {
        event: alertOfConnection(name, { 'fd.rip': address, ...fields }),
        clients: { kubernetes: client } as RunOptions<U>['clients'] & object,
        ...more,
      });
    const policies = () => cluster.api.objects(plural, 'shop');
    const denied = () => options.denied(policies()[0]!);
    const selected = () => (policies()[0]?.spec as Record<string, unknown> | undefined)?.[selector];
    const labelsOf = (name: string) => cluster.api.get('pods', 'shop', name)?.metadata.labels;
    const writes = () => cluster.api.requests.filter(({ method }) => method !== 'GET').length;
    const expectSuccess = (outcomes: readonly Outcome[]) =>
      expect(outcomes.map(({ status, message }) => (status === 'success' ? status : message))).toEqual(
        outcomes.map(() => 'success'),
      );

    it('keeps the workload from the address with four calls', async () => {
      const outcome = await run('203.0.113.7');
      const name = `${prefix}falco-talon-deployment-front`;
      expect(outcome.status, outcome.message).toBe('success');
      expect(outcome.message).toBe(
        `egress to 203.0.113.7/32 of Deployment front of pod shop/${first} is denied by the new ${kind} ${name}`,
      );
      expect(cluster.calls()).toEqual([
        `GET /api/v1/namespaces/shop/pods/${first}`,
        `GET /apis/apps/v1/namespaces/shop/replicasets/${owner}`,
        `GET ${path}/${name}`,
        `POST ${path}`,
      ]);
    });

    it('says who made the policy, and why', async () => {
      const event = alertOfConnection(first);
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
      expect((await run('2001:DB8::9', { name: second })).message).toContain(`is denied by the ${kind}`);
      expect(cluster.calls()).toHaveLength(4);
      await run('::ffff:203.0.113.8', { name: second });
      expect(policies()).toHaveLength(1);
      expect(denied().toSorted()).toEqual(['2001:db8::9/128', '203.0.113.7/32', '203.0.113.8/32']);
    });

    it('writes nothing for an address that is denied already, and says so', async () => {
      await run('203.0.113.7');
      cluster.calls();
      const before = policies()[0];
      const outcome = await run('::ffff:203.0.113.7', { name: second });
      expect(outcome.status).toBe('success');
      expect(outcome.message).toContain('was denied already by');
      expect(cluster.calls().map((call) => call.split(' ', 1)[0])).toEqual(['GET', 'GET', 'GET']);
      expect(policies()[0]).toEqual(before);
    });

    it('denies every address of alerts that come at the same moment to two processes, each once', async () => {
      const other = await cluster.connect();
      const addresses = Array.from({ length: 20 }, (_, i) => `203.0.113.${i + 1}`);
      const outcomes = await Promise.all(
        [...addresses, ...addresses.slice(0, 5)].map((address, i) =>
          run(address, { name: i % 3 === 0 ? first : second, client: i % 2 === 0 ? cluster.client : other }),
        ),
      );
      expectSuccess(outcomes);
      expect(denied().toSorted()).toEqual(addresses.map((address) => `${address}/32`).toSorted());
    });

    it('denies both addresses when both processes saw no policy', async () => {
      const other = await cluster.connect();
      const [resource] = plural.split('.') as [string];
      const held = cluster.api.fault({ kind: 'hold', match: { method: 'POST', resource } });
      const running = [run('203.0.113.1'), run('203.0.113.2', { client: other })];
      const asked = () => cluster.api.requests.filter(({ method }) => method === 'POST').length;
      await cluster.api.waitForRequest(() => asked() === 2);
      held.release();
      expectSuccess(await Promise.all(running));
      expect(denied().toSorted()).toEqual(['203.0.113.1/32', '203.0.113.2/32']);
    });

    it("never changes somebody else's policy of that name", async () => {
      const name = `${prefix}falco-talon-deployment-front`;
      cluster.api.create(options.theirs(name));
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
        `GET ${path}/${prefix}falco-talon-pod-cart`,
        'PATCH /api/v1/namespaces/shop/pods/cart',
        `POST ${path}`,
      ]);
      expect(selected()).toEqual(marked('cart'));
      expect(labelsOf('cart')).toHaveProperty('falco-talon.org/networkpolicy');
      await run('203.0.113.8', { name: 'cart' });
      expect(cluster.calls()).toHaveLength(3);
    });

    it('marks a new pod of an old name, whose address was denied before', async () => {
      await run('203.0.113.7', { name: 'cart' });
      cluster.api.remove('pods', 'shop', 'cart');
      cluster.api.create(pod('cart'));
      expect((await run('203.0.113.7', { name: 'cart' })).message).toContain('was denied already');
      expect(labelsOf('cart')).toHaveProperty('falco-talon.org/networkpolicy');
    });

    it('never selects by labels of the pod, which are not its owner’s', async () => {
      cluster.api.change('pods', 'shop', first, ({ metadata }) => {
        metadata.labels = { ...metadata.labels, app: 'kube-dns' };
      });
      const outcome = await run('203.0.113.7');
      expect(outcome.message).toContain(`only the pod: the selector of its owner ReplicaSet ${owner} leaves it out`);
      expect(selected()).toEqual(marked(first));
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
      expect(writes()).toBe(0);
    });

    it('fails where a policy has no effect', async () => {
      cluster.api.create(pod('proxy', true));
      const outcome = await run('203.0.113.7', { name: 'proxy' });
      expect(outcome.error?.code).toBe('unsupported');
      expect(outcome.message).toContain("uses its node's network");
    });

    it('adds no more than a thousand addresses', async () => {
      await run('203.0.113.7');
      const ranges = Array.from({ length: 999 }, (_, i) => `10.0.${i >> 8}.${i & 255}/32`);
      cluster.api.change(plural, 'shop', policies()[0]!.metadata.name!, (policy) => {
        options.deny(policy, ['203.0.113.7/32', ...ranges]);
      });
      const outcome = await run('203.0.113.8');
      expect(outcome.error?.code).toBe('too_large');
      expect(outcome.message).toContain('denies 1000 addresses already');
    });

    it('in a dry run tells what it would do', async () => {
      const dry = async (address: string) => (await run(address, { dryRun: true })).message;
      expect(await dry('203.0.113.7')).toContain(`would be denied by a new ${kind}`);
      expect(writes()).toBe(0);
      await run('203.0.113.7');
      expect(await dry('203.0.113.7')).toContain('is denied already by the');
      expect(await dry('203.0.113.8')).toContain(`would be denied by the ${kind}`);
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
}

interface Run extends Omit<RunOptions, 'clients'> {
  /** Of the pod the alert is about. */
  readonly name?: string;
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly client?: unknown;
}
