import { afterEach, beforeEach, expect, it } from 'vitest';
import { open, sendJson, status, type LoopbackApi, type Opened } from '../spec/loopback-api.ts';
import { kubernetesFailure, NETWORK_POLICIES, PODS, type Kubernetes } from './index.ts';

const CART = { namespace: 'shop', name: 'cart' };

let opened: Opened;
let api: LoopbackApi;
let client: Kubernetes;

beforeEach(async () => {
  opened = await open();
  api = await opened.api(() => {}, { tls: false });
  client = await opened.clientOf(api);
});
afterEach(() => opened.close());

async function failure(
  code: number,
  body: unknown,
  work: () => Promise<unknown> = () => client.get(PODS, CART, opened),
) {
  api.respond = (response) => sendJson(response, code, body);
  const error = (await work().catch((e: unknown) => e)) as Error;
  return { error, failure: kubernetesFailure(error) };
}
const label = () => client.patch(PODS, CART, { type: 'merge', body: {} }, opened);
const remove = () => client.delete(PODS, CART, { ...opened, uid: 'u1' });

it('names verb and resource of what is not allowed, and keeps what RBAC said', async () => {
  const message =
    'pods "cart" is forbidden: User "talon" cannot delete resource "pods" in API group "" in the namespace "shop"';
  const { error, failure: cause } = await failure(
    403,
    status(403, 'Forbidden', message, { name: 'cart', kind: 'pods' }),
    remove,
  );
  expect(error).toMatchObject({ code: 'forbidden', retryable: false, about: 'delete pods' });
  expect(error.message).toBe(`not allowed to delete pods shop/cart: ${message}`);
  expect(cause).toEqual({
    kind: 'kubernetes-failure',
    method: 'DELETE',
    path: '/api/v1/namespaces/shop/pods/cart',
    status: 403,
    reason: 'Forbidden',
    message,
    causes: [],
  });
  const list = await failure(403, status(403, 'Forbidden', 'no'), () =>
    client.list(NETWORK_POLICIES, { ...opened, namespace: 'shop' }),
  );
  expect(list.error.message).toBe('not allowed to list networkpolicies.networking.k8s.io in namespace shop: no');
});

it('names the verb that is missing when it is not that of the call', async () => {
  const message =
    'networkpolicies.networking.k8s.io "cut" is forbidden: User "talon" cannot create resource "networkpolicies" in API group "networking.k8s.io" in the namespace "shop"';
  const { error } = await failure(403, status(403, 'Forbidden', message, { name: 'cut' }), () =>
    client.apply(
      NETWORK_POLICIES,
      { namespace: 'shop', name: 'cut' },
      {},
      { ...opened, fieldManager: 'f', force: true },
    ),
  );
  expect(error.message).toBe(`not allowed to create networkpolicies.networking.k8s.io shop/cut: ${message}`);
});

it('tells an object that is gone from a kind the cluster does not serve', async () => {
  const gone = status(404, 'NotFound', 'pods "cart" not found', { name: 'cart', kind: 'pods' });
  expect((await failure(404, gone)).error).toMatchObject({ code: 'target_gone', retryable: false });
  const unknown = status(404, 'NotFound', 'the server could not find the requested resource', {});
  expect((await failure(404, unknown)).error).toMatchObject({ code: 'unsupported' });
  api.respond = (response) => response.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found\n');
  const plain = await client.get(NETWORK_POLICIES, CART, opened).catch((e: unknown) => e);
  expect(plain).toMatchObject({ code: 'unsupported' });
  expect((plain as Error).message).toBe(
    'the cluster does not serve networkpolicies.networking.k8s.io, so it cannot get networkpolicies.networking.k8s.io shop/cart: status 404: 404 page not found',
  );
});

it.each([
  [
    'a changed object',
    'Conflict',
    'Operation cannot be fulfilled on pods "cart": the object has been modified',
    undefined,
    true,
  ],
  [
    'another uid',
    'Conflict',
    'Operation cannot be fulfilled on Pod "cart": the UID in the precondition (u1) does not match the UID in record (u2). The object might have been deleted and then recreated',
    undefined,
    false,
  ],
  ['an object that exists', 'AlreadyExists', 'pods "cart" already exists', undefined, false],
  [
    'a field of another manager',
    'Conflict',
    'Apply failed with 1 conflict',
    { causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "helm"', field: '.spec' }] },
    false,
  ],
])('%s is a conflict, repeated only when that can help', async (_, reason, message, details, retryable) => {
  const { error, failure: cause } = await failure(409, status(409, reason, message, details), remove);
  expect(error).toMatchObject({ code: 'conflict', retryable });
  expect(cause).toMatchObject({ status: 409, reason });
});

it('of a 422 keeps field and reason, and nothing of the object in it', async () => {
  const object = JSON.stringify({
    apiVersion: 'v1',
    spec: { env: [{ name: 'PASSWORD', value: 'hunter2' }], fill: 'x'.repeat(8000) },
  });
  const value = `Invalid value: ${JSON.stringify(object)}: json: cannot unmarshal number into field metadata.labels of type string`;
  const details = { causes: [{ reason: 'FieldValueInvalid', message: value, field: 'patch' }] };
  const { error, failure: cause } = await failure(
    422,
    status(422, 'Invalid', ` "" is invalid: patch: ${value}`, details),
    label,
  );
  expect(error).toMatchObject({ code: 'rejected', retryable: false });
  expect(error.message).toBe(
    'cannot patch pods shop/cart: patch: Invalid value: (an object): json: cannot unmarshal number into field metadata.labels of type string',
  );
  expect(JSON.stringify(cause)).not.toContain('hunter2');
  expect(JSON.stringify(cause).length).toBeLessThan(800);
  expect(cause).toMatchObject({ reason: 'Invalid', causes: [{ reason: 'FieldValueInvalid', field: 'patch' }] });
});

it('of a 422 with a diff keeps the first line, and says the same only once', async () => {
  const said =
    'Forbidden: pod updates may not change fields other than the image\n@@ -1 +1 @@\n-    "PASSWORD=hunter2"';
  const same = { reason: 'FieldValueForbidden', message: said, field: 'spec' };
  const { error } = await failure(
    422,
    status(422, 'Invalid', `Pod "cart" is invalid: spec: ${said}`, { causes: [same, same] }),
    label,
  );
  expect(error.message).toBe(
    'cannot patch pods shop/cart: spec: Forbidden: pod updates may not change fields other than the image',
  );
});

it('cuts what is long, and takes control characters and marks out', async () => {
  const causes = Array.from({ length: 100 }, (_, n) => ({
    reason: 'R'.repeat(9999),
    message: `m${n}`.repeat(9999),
    field: 'f'.repeat(9999),
  }));
  const { error, failure: cause } = await failure(
    400,
    status(400, 'BadRequest', `\u202e\u0007a\u001b[31m${'b'.repeat(9999)}`, { causes }),
  );
  expect(error).toMatchObject({ code: 'rejected' });
  expect(error.message.length).toBeLessThan(400);
  expect(error.message).toContain('a [31mbbb');
  expect(JSON.stringify(cause).length).toBeLessThan(6000);
});

it.each([
  [401, 'unauthorized', false],
  [410, 'rejected', true],
  [413, 'too_large', false],
  [415, 'rejected', false],
  [302, 'unavailable', false],
])('%d is %s', async (code, expected, retryable) => {
  expect((await failure(code, status(code, '', 'no'), label)).error).toMatchObject({ code: expected, retryable });
});

it('a page of a proxy is told as what it is, without its markup', async () => {
  api.respond = (response) =>
    response
      .writeHead(403, { 'content-type': 'text/html; charset=utf-8' })
      .end('<html><body><h1>Blocked</h1> by <b>gateway</b></body></html>');
  const error = (await client.get(PODS, CART, opened).catch((e: unknown) => e)) as Error;
  expect(error.message).toBe(
    'not allowed to get pods shop/cart: status 403, with a page that does not come from an API server (text/html): Blocked by gateway',
  );
  api.respond = (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Log in</h1>');
  const page = (await client.get(PODS, CART, opened).catch((e: unknown) => e)) as Error;
  expect(page).toMatchObject({ code: 'unavailable' });
  expect(page.message).toContain(
    'the answer is not JSON but text/html; is the server address that of a Kubernetes API server?',
  );
});

it('an empty answer and a body that is no Status are told by their status', async () => {
  api.respond = (response) => response.writeHead(405).end();
  await expect(client.get(PODS, CART, opened)).rejects.toThrow('cannot get pods shop/cart: status 405');
  for (const body of [
    [],
    null,
    'text',
    5,
    { kind: 'Pod' },
    { kind: 'Status', details: { causes: 'none' }, message: 7 },
  ]) {
    const { error } = await failure(400, body);
    expect(error).toMatchObject({ code: 'rejected', cause: { status: 400 } });
    expect(error.message).not.toContain('Pod');
  }
});
