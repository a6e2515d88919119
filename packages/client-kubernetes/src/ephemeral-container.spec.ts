import { namespace, pod, startFakeKubernetes, type FakeKubernetes } from '@falco-talon/fake-kubernetes';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { open, type Opened } from '../spec/loopback-api.ts';
import { kubernetesFailure, type Kubernetes } from './index.ts';

const CART = { namespace: 'shop', name: 'cart' };
const dump = (more: Readonly<Record<string, unknown>> = {}) => ({ name: 'dump', image: 'box:1', ...more });

let opened: Opened;
let cluster: FakeKubernetes;
let client: Kubernetes;

beforeEach(async () => {
  opened = await open();
  cluster = await startFakeKubernetes({
    objects: [
      namespace('strict', { 'pod-security.kubernetes.io/enforce': 'baseline' }),
      pod({ ...CART }),
      pod({ name: 'cart', namespace: 'strict' }),
    ],
  });
  client = await opened.client(await opened.file('config', cluster.kubeconfig()));
});
afterEach(async () => {
  await opened.close();
  await cluster.close();
});

it('adds a container beside those there are, and the same one only once', async () => {
  await client.addEphemeralContainer(CART, dump({ name: 'first' }), opened);
  const { spec } = await client.addEphemeralContainer(CART, dump({ command: ['sleep', '9'] }), opened);
  const again = await client.addEphemeralContainer(CART, dump({ command: ['sleep', '9'] }), opened);
  expect(spec?.['ephemeralContainers']).toMatchObject([{ name: 'dump' }, { name: 'first' }]);
  expect(again.spec).toEqual(spec);
  expect(cluster.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(
    Array(3).fill('PATCH /api/v1/namespaces/shop/pods/cart/ephemeralcontainers'),
  );
  await expect(client.addEphemeralContainer(CART, dump({ command: ['true'] }), opened)).rejects.toMatchObject({
    code: 'rejected',
    message: expect.stringContaining('cannot patch pods/ephemeralcontainers shop/cart: '),
  });
});

it('says what Pod Security refuses', async () => {
  const container = dump({ securityContext: { privileged: true } });
  const refused = client.addEphemeralContainer({ namespace: 'strict', name: 'cart' }, container, opened);
  const error = await refused.catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'forbidden', retryable: false });
  expect(kubernetesFailure(error)?.message).toContain('violates PodSecurity "baseline:latest": privileged');
});

it.each(['../x', 'A', '', 'x'.repeat(64)])('never asks for a container called %j', async (name) => {
  await expect(client.addEphemeralContainer(CART, dump({ name }), opened)).rejects.toMatchObject({
    code: 'invalid_value',
  });
  expect(cluster.requests).toEqual([]);
});
