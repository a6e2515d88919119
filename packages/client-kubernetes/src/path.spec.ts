import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { open, pod, sendJson, type LoopbackApi, type Opened } from '../spec/loopback-api.ts';
import { kubernetesFailure, NODES, PODS, type Kubernetes, type Resource } from './index.ts';
import { collectionPath, objectPath } from './path.ts';

const ROLES: Resource = {
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  plural: 'roles',
  kind: 'Role',
  namespaced: true,
};

const HOSTILE = [
  '../../kube-system/pods/etcd-0',
  '..',
  '.',
  '%2e%2e',
  '..%2fetcd-0',
  'a?watch=true',
  'a#b',
  'a/b',
  'a\\b',
  'a\0b',
  'a\nb',
  'a b',
  '',
  '-leading',
  'trailing-',
  'a..b',
  'UPPER',
  'a'.repeat(4096),
  'a'.repeat(254),
  '\u202egnp.exe',
  '\u200fpod',
  'pöd',
  'ａ',
];

let opened: Opened;
let api: LoopbackApi;
let client: Kubernetes;

beforeEach(async () => {
  opened = await open();
  api = await opened.api((response) => sendJson(response, 200, pod('a')), { tls: false });
  client = await opened.clientOf(api);
});
afterEach(() => opened.close());

it.each(HOSTILE)('sends nothing for the name %j, whatever is asked', async (name) => {
  const { signal } = opened;
  const refused = { code: 'invalid_value', retryable: false };
  const asPod = { namespace: 'shop', name };
  const asNamespace = { namespace: name, name: 'cart' };
  const roleRefused = objectOf(() => objectPath(ROLES, asPod));
  for (const object of [asPod, asNamespace]) {
    await expect(client.get(PODS, object, { signal })).rejects.toMatchObject(refused);
    await expect(client.delete(PODS, object, { signal })).rejects.toMatchObject(refused);
    await expect(client.patch(PODS, object, { type: 'merge', body: {} }, { signal })).rejects.toMatchObject(refused);
    await expect(client.replace(PODS, object, {}, { signal })).rejects.toMatchObject(refused);
    await expect(client.apply(PODS, object, {}, { signal, fieldManager: 'f', force: true })).rejects.toMatchObject(
      refused,
    );
    await expect(drain(client.podLog(object, { signal }))).rejects.toMatchObject(refused);
    await expect(client.reads({ ...noScope, signal }).get(PODS, object, { signal })).rejects.toMatchObject(refused);
  }
  await expect(client.get(NODES, { name }, { signal })).rejects.toMatchObject(refused);
  await expect(client.list(PODS, { namespace: name, signal })).rejects.toMatchObject(refused);
  await expect(client.create(PODS, { metadata: {} }, { namespace: name, signal })).rejects.toMatchObject(refused);
  await expect(
    drain(client.podLog({ namespace: 'shop', name: 'cart' }, { container: name, signal })),
  ).rejects.toMatchObject(refused);
  expect(roleRefused === 'invalid_value').toBe(!['-leading', 'trailing-', 'UPPER'].includes(name));
  expect({ requests: api.received.length, connections: api.connections.accepted }).toEqual({
    requests: 0,
    connections: 0,
  });
});

it('says which value is wrong, in ASCII and cut, and what was expected', async () => {
  const error = await client
    .get(PODS, { namespace: 'shop', name: '\u202egnp' + 'x'.repeat(500) }, opened)
    .catch((e) => e);
  expect(error.message).toMatch(/^"\\u202egnpx{70,75}\.\.\." cannot be the name of a Pod: expected at most 253/);
  expect(kubernetesFailure(error)).toMatchObject({ reason: 'InvalidName', status: 0 });
});

it('refuses a namespace where there is none, and its absence where one is needed', async () => {
  await expect(client.get(NODES, { namespace: 'shop', name: 'n' }, opened)).rejects.toMatchObject({
    code: 'invalid_value',
  });
  await expect(client.get(PODS, { name: 'n' }, opened)).rejects.toMatchObject({ code: 'invalid_value' });
  expect(api.received).toEqual([]);
});

it('refuses a resource that is not made of names', () => {
  for (const broken of [{ plural: 'pods/../..' }, { group: 'a/b' }, { version: 'v1/..' }, { plural: '..' }]) {
    expect(objectOf(() => collectionPath({ ...PODS, ...broken }, 'shop'))).toBe('invalid_value');
  }
});

it('builds the paths of the API', () => {
  expect(objectPath(PODS, { namespace: 'shop', name: 'cart-1.a' }, 'log')).toBe(
    '/api/v1/namespaces/shop/pods/cart-1.a/log',
  );
  expect(objectPath(NODES, { name: 'ip-10-0-0-1.internal' })).toBe('/api/v1/nodes/ip-10-0-0-1.internal');
  expect(collectionPath(PODS, undefined)).toBe('/api/v1/pods');
  expect(objectPath(ROLES, { namespace: 'shop', name: 'system:controller:x' })).toBe(
    '/apis/rbac.authorization.k8s.io/v1/namespaces/shop/roles/system%3Acontroller%3Ax',
  );
});

it('never leaves its namespace, whatever the name', () => {
  const prefix = '/apis/rbac.authorization.k8s.io/v1/namespaces/shop/roles/';
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(fc.nat(0xffff)).map((units) => String.fromCharCode(...units)),
        fc.string({ unit: fc.constantFrom('.', '/', '%', '2', 'e', 'E', 'f', '5', 'c', '\\', ':', '?', '#') }),
      ),
      (name) => {
        let path: string;
        try {
          path = objectPath(ROLES, { namespace: 'shop', name });
        } catch {
          return true;
        }
        const { pathname, search, hash } = new URL(path, 'http://server');
        const inside = pathname.startsWith(prefix) && search === '' && hash === '' && !name.includes('/');
        return inside && decodeURIComponent(pathname.slice(prefix.length)) === name;
      },
    ),
    { numRuns: 1000 },
  );
});

const noScope = {
  logger: { debug() {}, info() {}, warn() {}, error() {} },
  now: () => 0,
  span: <T>(_: string, work: () => Promise<T>) => work(),
};

function objectOf(work: () => unknown): string {
  try {
    work();
    return 'accepted';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

async function drain(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream);
}
