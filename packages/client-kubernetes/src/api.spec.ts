import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { open, pod, QUICK, sendJson, status, type LoopbackApi, type Opened } from '../spec/loopback-api.ts';
import { DEPLOYMENTS, kubernetesFailure, NETWORK_POLICIES, NODES, PODS, type Kubernetes } from './index.ts';

const CART = { namespace: 'shop', name: 'cart' };

let opened: Opened;
let api: LoopbackApi;
let client: Kubernetes;

beforeEach(async () => {
  opened = await open();
  api = await opened.api((response) => sendJson(response, 200, pod('cart')), { tls: false });
  client = await opened.clientOf(api);
});
afterEach(() => opened.close());

const lastRequest = () => {
  const { method, url, headers, body } = api.received.at(-1) ?? expect.fail('nothing was sent');
  return {
    request: `${method} ${url}`,
    type: headers['content-type'],
    body: body === '' ? undefined : JSON.parse(body),
  };
};

it('reads with the token, asking for JSON', async () => {
  expect(await client.get(PODS, CART, opened)).toEqual(pod('cart'));
  expect(lastRequest()).toEqual({ request: 'GET /api/v1/namespaces/shop/pods/cart', type: undefined, body: undefined });
  expect(api.received[0]?.headers).toMatchObject({
    authorization: 'Bearer secret',
    accept: 'application/json',
    'user-agent': 'falco-talon',
  });
});

it.each([
  ['merge', 'application/merge-patch+json', { metadata: { labels: { a: null } } }],
  ['strategic', 'application/strategic-merge-patch+json', { spec: {} }],
  ['json', 'application/json-patch+json', [{ op: 'remove', path: '/metadata/labels/a~1b' }]],
] as const)('patches: %s', async (type, contentType, body) => {
  await client.patch(NODES, { name: 'n1' }, { type, body } as never, { ...opened, fieldManager: 'a b', dryRun: true });
  expect(lastRequest()).toEqual({
    request: 'PATCH /api/v1/nodes/n1?fieldManager=a+b&dryRun=All',
    type: contentType,
    body,
  });
});

it('applies with a manager, and force only when told', async () => {
  const object = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' };
  const path = 'PATCH /apis/networking.k8s.io/v1/namespaces/shop/networkpolicies/cart?fieldManager=talon';
  await client.apply(NETWORK_POLICIES, CART, object, { ...opened, fieldManager: 'talon', force: true });
  expect(lastRequest()).toEqual({ request: `${path}&force=true`, type: 'application/apply-patch+yaml', body: object });
  await client.apply(NETWORK_POLICIES, CART, object, { ...opened, fieldManager: 'talon', force: false });
  expect(lastRequest().request).toBe(`${path}&force=false`);
});

it('creates and replaces', async () => {
  const object = { kind: 'Deployment', metadata: { name: 'cart' } };
  await client.create(DEPLOYMENTS, object, { ...opened, namespace: 'shop', dryRun: true });
  expect(lastRequest()).toEqual({
    request: 'POST /apis/apps/v1/namespaces/shop/deployments?dryRun=All',
    type: 'application/json',
    body: object,
  });
  await client.replace(DEPLOYMENTS, CART, object, opened);
  expect(lastRequest()).toMatchObject({ request: 'PUT /apis/apps/v1/namespaces/shop/deployments/cart', body: object });
});

it('deletes with exactly the preconditions and options given', async () => {
  await client.delete(PODS, CART, opened);
  expect(lastRequest()).toEqual({
    request: 'DELETE /api/v1/namespaces/shop/pods/cart',
    type: 'application/json',
    body: { apiVersion: 'v1', kind: 'DeleteOptions' },
  });
  const options = {
    gracePeriodSeconds: 0,
    uid: 'u',
    resourceVersion: '7',
    propagationPolicy: 'Orphan',
    dryRun: true,
  } as const;
  await client.delete(PODS, CART, { ...opened, ...options });
  expect(lastRequest().body).toEqual({
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    gracePeriodSeconds: 0,
    propagationPolicy: 'Orphan',
    preconditions: { uid: 'u', resourceVersion: '7' },
    dryRun: ['All'],
  });
});

describe('a list', () => {
  const page = (names: string[], next?: string) => ({
    kind: 'PodList',
    metadata: next === undefined ? {} : { continue: next },
    items: names.map((name) => pod(name)),
  });
  const names = async (list: Promise<readonly { metadata: { name: string } }[]>) =>
    (await list).map(({ metadata }) => metadata.name);
  const expired = (next?: string) =>
    status(410, 'Expired', 'too old', undefined, next === undefined ? {} : { continue: next });
  const answers = (...given: [number, unknown][]) => {
    api.respond = (response) =>
      sendJson(response, ...(given[api.received.length - 1] ?? expect.fail('one request too many')));
  };
  const queries = () => api.received.map(({ url }) => url.split('?')[1]);

  it('has all pages, selected as asked', async () => {
    answers([200, page(['a', 'b'], 'x/1')], [200, page(['c'], '')]);
    const list = client.list(PODS, {
      ...opened,
      namespace: 'shop',
      labelSelector: 'a in (b,c)',
      fieldSelector: 'spec.nodeName=n',
      pageSize: 2,
    });
    expect(await names(list)).toEqual(['a', 'b', 'c']);
    const selected = 'limit=2&labelSelector=a+in+%28b%2Cc%29&fieldSelector=spec.nodeName%3Dn';
    expect(queries()).toEqual([selected, `${selected}&continue=x%2F1`]);
  });

  it('of all namespaces is one path', async () => {
    answers([200, page([])]);
    expect(await client.list(PODS, opened)).toEqual([]);
    expect(lastRequest().request).toBe('GET /api/v1/pods?limit=500');
  });

  it('goes on with the fresh token of an expired one', async () => {
    answers([200, page(['a'], '1')], [410, expired('2')], [200, page(['b'])]);
    expect(await names(client.list(PODS, opened))).toEqual(['a', 'b']);
    expect(queries()[2]).toBe('limit=500&continue=2');
  });

  it('starts again when an expired token has no successor', async () => {
    answers([200, page(['a'], '1')], [410, expired()], [200, page(['a'], '3')], [200, page(['b'])]);
    expect(await names(client.list(PODS, opened))).toEqual(['a', 'b']);
  });

  it('whose tokens always expire is given up', async () => {
    api.respond = (response, { url }) =>
      sendJson(
        response,
        ...((url.includes('continue') ? [410, expired('2')] : [200, page(['a'], '1')]) as [number, unknown]),
      );
    await expect(client.list(PODS, opened)).rejects.toMatchObject({ cause: { status: 410, reason: 'Expired' } });
    expect(api.received).toHaveLength(5);
  });

  it('has a bound', async () => {
    client = await opened.clientOf(api, { ...QUICK, listObjects: 5 });
    api.respond = (response) => sendJson(response, 200, page(['a', 'b'], 'more'));
    await expect(client.list(PODS, opened)).rejects.toMatchObject({ code: 'too_large' });
    expect(api.received).toHaveLength(3);
  });

  it('of empty pages has a bound, and so have its bytes', async () => {
    client = await opened.clientOf(api, { ...QUICK, listObjects: 5 });
    api.respond = (response) => sendJson(response, 200, page([], 'more'));
    await expect(client.list(PODS, opened)).rejects.toMatchObject({ code: 'too_large' });
    expect(api.received).toHaveLength(6);
    client = await opened.clientOf(api, { ...QUICK, listBytes: 1_000 });
    api.respond = (response) => sendJson(response, 200, page(['a'.repeat(400)], 'more'));
    await expect(client.list(PODS, opened)).rejects.toThrow('more than 1000 bytes');
    expect(api.received).toHaveLength(8);
  });

  it('that is none is refused', async () => {
    answers([200, { kind: 'PodList' }]);
    await expect(client.list(PODS, opened)).rejects.toThrow('the answer is no list');
  });
});

describe('the log of a pod', () => {
  const read = async (options = {}, signal = opened.signal) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of client.podLog(CART, { signal, ...options })) chunks.push(chunk);
    return Buffer.concat(chunks);
  };

  it('is streamed byte for byte, with its options', async () => {
    const bytes = Buffer.from(Uint8Array.from({ length: 3_000_000 }, (_, n) => (n * 7) % 256));
    api.respond = (response) => response.writeHead(200, { 'content-type': 'text/plain' }).end(bytes);
    const log = await read({ container: 'main', tailLines: 20, limitBytes: 9, previous: true, timestamps: false });
    expect(log.equals(bytes)).toBe(true);
    expect(lastRequest().request).toBe(
      'GET /api/v1/namespaces/shop/pods/cart/log?container=main&tailLines=20&limitBytes=9&previous=true&timestamps=false',
    );
    expect(api.received[0]?.headers.accept).toBe('*/*');
  });

  it('left early ends the request', async () => {
    const gone = new Promise((resolve) => {
      api.respond = (response) => {
        response.once('close', resolve);
        response.write('one line\n');
      };
    });
    for await (const chunk of client.podLog(CART, opened)) {
      expect(Buffer.from(chunk).toString()).toBe('one line\n');
      break;
    }
    await gone;
  });

  it('of an unscheduled pod is empty', async () => {
    api.respond = (response) => response.writeHead(204).end();
    expect(await read()).toHaveLength(0);
  });

  it('that is refused says why', async () => {
    const message = 'container "b" in pod "cart" is waiting to start';
    api.respond = (response) => sendJson(response, 400, status(400, 'BadRequest', message));
    await expect(read()).rejects.toMatchObject({
      code: 'rejected',
      message: `cannot get pods/log shop/cart: ${message}`,
    });
  });

  it('is asked for again only while nothing of it was given out', async () => {
    api.respond = (response, _, incoming) => {
      if (api.received.length === 1) return sendJson(response, 500, status(500, '', 'kubelet is down'));
      response.writeHead(200);
      response.write('half', () => setImmediate(() => incoming.socket.destroy()));
    };
    const chunks: string[] = [];
    const reading = (async () => {
      for await (const chunk of client.podLog(CART, opened)) chunks.push(Buffer.from(chunk).toString());
    })();
    await expect(reading).rejects.toMatchObject({ code: 'unavailable', retryable: true });
    expect({ chunks, requests: api.received.length }).toEqual({ chunks: ['half'], requests: 2 });
  });

  it('stops when aborted', async () => {
    const abort = new AbortController();
    api.respond = (response) => response.write('first');
    const reading = (async () => {
      for await (const _ of client.podLog(CART, { signal: abort.signal })) abort.abort();
    })();
    await expect(reading).rejects.toMatchObject({ code: 'aborted' });
  });

  it('that falls silent is a timeout', async () => {
    client = await opened.clientOf(api, { ...QUICK, streamSilence: 30 });
    api.respond = (response) => response.write('first');
    await expect(read()).rejects.toMatchObject({ code: 'timeout' });
  });
});

it('kubernetesFailure finds nothing in other errors', () => {
  expect(kubernetesFailure(new Error('x', { cause: 'y' }))).toBeUndefined();
  expect(kubernetesFailure('text')).toBeUndefined();
});
