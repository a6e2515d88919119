import { afterEach, describe, expect, it } from 'vitest';
import type { FakeKubernetes, FakeKubernetesInput } from '../fake-kubernetes.ts';
import { startFakeKubernetes } from '../start-fake-kubernetes.ts';
import { at, textAt } from '../json.ts';
import type { Called, Client } from '../replay/client.ts';
import { client } from '../replay/client.ts';
import { pod } from '../workloads/pod.ts';
import { deployment, statefulSet } from '../workloads/workloads.ts';

let fake: FakeKubernetes;
let api: Client;
async function start(input: FakeKubernetesInput): Promise<void> {
  fake = await startFakeKubernetes(input);
  api = client(fake);
}
afterEach(async () => {
  api.close();
  await fake.close();
});

const NOW = Date.parse('2026-03-01T12:00:00Z');
const remove = (name: string, body: Record<string, number | object> = {}): Promise<Called> =>
  api.call('DELETE', `/api/v1/namespaces/shop/pods/${name}`, { body: body as never });

describe('deleting a pod', () => {
  it('gives it its grace, which later requests can only shorten', async () => {
    await start({ objects: [pod({ name: 'cart', namespace: 'shop', gracePeriodSeconds: 30 })], now: () => NOW });
    const deletion = (answer: Called): unknown => at(answer.body, 'metadata', 'deletionTimestamp');
    expect(deletion(await remove('cart', { gracePeriodSeconds: 20 }))).toBe('2026-03-01T12:00:20Z');
    expect(deletion(await remove('cart', { gracePeriodSeconds: 60 }))).toBe('2026-03-01T12:00:20Z');
    expect(deletion(await remove('cart'))).toBe('2026-03-01T12:00:20Z');
    expect(deletion(await remove('cart', { gracePeriodSeconds: 5 }))).toBe('2026-03-01T12:00:05Z');
    expect((await remove('cart', { gracePeriodSeconds: 0 })).status).toBe(200);
    expect(fake.get('pods', 'shop', 'cart')).toBeUndefined();
  });

  it('is over when the grace is, or sooner when the test says so', async () => {
    await start({ objects: [pod({ name: 'cart', namespace: 'shop' })], terminationDelay: 300 });
    await remove('cart');
    expect(fake.get('pods', 'shop', 'cart')?.metadata.deletionGracePeriodSeconds).toBe(30);
    await fake.until(() => fake.get('pods', 'shop', 'cart') === undefined);
  });

  it('never ends on a node that does not answer, except at once', async () => {
    await start({
      objects: [pod({ name: 'cart', namespace: 'shop' }), pod({ name: 'other', namespace: 'shop', node: 'node-2' })],
      terminationDelay: 5,
    });
    fake.setNodeAnswers('node-1', false);
    await remove('cart');
    await remove('other');
    await fake.until(() => fake.get('pods', 'shop', 'other') === undefined);
    expect(textAt(fake.get('pods', 'shop', 'cart'), 'status', 'phase')).toBe('Running');
    const log = await api.call('GET', '/api/v1/namespaces/shop/pods/cart/log?tailLines=1');
    expect([log.status, textAt(log.body, 'message')]).toEqual([
      500,
      'Get "https://10.99.0.1:10250/containerLogs/shop/cart/main?tailLines=1": dial tcp 10.99.0.1:10250: connect: connection refused',
    ]);
    await remove('cart', { gracePeriodSeconds: 0 });
    expect(fake.get('pods', 'shop', 'cart')).toBeUndefined();
  });

  it('goes on when the node answers again', async () => {
    await start({
      objects: ['late', 'sign'].map((name) => pod({ name, namespace: 'shop', node: name })),
      terminationDelay: 2,
    });
    fake.setNodeAnswers('late', false);
    await remove('late');
    await remove('sign');
    await fake.until(() => fake.get('pods', 'shop', 'sign') === undefined);
    expect(fake.get('pods', 'shop', 'late')).toBeDefined();
    fake.setNodeAnswers('late', true);
    expect(fake.get('pods', 'shop', 'late')).toBeUndefined();
  });

  it('keeps a pod that has finalizers', async () => {
    await start({ objects: [pod({ name: 'cart', namespace: 'shop' })] });
    fake.change('pods', 'shop', 'cart', (object) => void (object.metadata.finalizers = ['example.com/hold']));
    await remove('cart', { gracePeriodSeconds: 0 });
    expect(fake.get('pods', 'shop', 'cart')?.metadata.deletionGracePeriodSeconds).toBe(0);
    const body = { metadata: { finalizers: null } };
    await api.call('PATCH', '/api/v1/namespaces/shop/pods/cart', { type: 'application/merge-patch+json', body });
    expect(fake.get('pods', 'shop', 'cart')).toBeUndefined();
  });

  it('takes uid and resourceVersion as preconditions', async () => {
    await start({ objects: [pod({ name: 'cart', namespace: 'shop', uid: 'u-1' })] });
    expect((await remove('cart', { preconditions: { uid: 'u-2' } })).status).toBe(409);
    const { resourceVersion = '' } = fake.get('pods', 'shop', 'cart')?.metadata ?? {};
    expect(
      (await remove('cart', { preconditions: { uid: 'u-1', resourceVersion }, gracePeriodSeconds: 0 })).status,
    ).toBe(200);
  });
});

describe('owners', () => {
  it('get their pods back when asked to: a StatefulSet under the same name', async () => {
    await start({
      objects: statefulSet({ name: 'db', namespace: 'shop', replicas: 2 }),
      replacePods: true,
      terminationDelay: 1,
    });
    const before = fake.get('pods', 'shop', 'db-0');
    await remove('db-0');
    await fake.until(
      () =>
        fake.get('pods', 'shop', 'db-0')?.metadata.uid !== before?.metadata.uid &&
        fake.get('pods', 'shop', 'db-0') !== undefined,
    );
    const after = fake.get('pods', 'shop', 'db-0');
    expect(after?.metadata.deletionTimestamp).toBeUndefined();
    expect(after?.metadata.ownerReferences).toEqual(before?.metadata.ownerReferences);
    expect(at(after, 'status', 'containerStatuses', 0, 'containerID')).not.toBe(
      at(before, 'status', 'containerStatuses', 0, 'containerID'),
    );
  });

  it('get them back: a ReplicaSet at once and under another name', async () => {
    await start({ objects: deployment({ name: 'web', namespace: 'shop', replicas: 2 }), replacePods: true });
    const names = fake.objects('pods', 'shop').map((object) => object.metadata.name);
    await remove(names[0] ?? '');
    expect(fake.objects('pods', 'shop')).toHaveLength(3);
    expect(
      fake.objects('pods', 'shop').filter((object) => object.metadata.deletionTimestamp === undefined),
    ).toHaveLength(2);
  });

  it('stay without them by default', async () => {
    await start({ objects: deployment({ name: 'web', namespace: 'shop', replicas: 2, ready: 1 }) });
    const [first] = fake.objects('pods', 'shop');
    await remove(first?.metadata.name ?? '', { gracePeriodSeconds: 0 });
    expect(fake.objects('pods', 'shop')).toHaveLength(1);
    expect(fake.objects('replicasets')[0]?.status).toMatchObject({ replicas: 2, readyReplicas: 1 });
  });
});
