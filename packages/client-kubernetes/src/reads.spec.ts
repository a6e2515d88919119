import { once } from 'node:events';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { open, pod, scope, sendJson, status, type LoopbackApi, type Opened } from '../spec/loopback-api.ts';
import { kubernetes, NODES, PODS, type Kubernetes, type KubernetesReads } from './index.ts';

const CART = { namespace: 'shop', name: 'cart' };

let opened: Opened;
let api: LoopbackApi;
let client: Kubernetes;
let reads: KubernetesReads;

beforeEach(async () => {
  opened = await open();
  api = await opened.api(
    (response, { url }) => {
      if (url.includes('?')) sendJson(response, 200, { items: [pod('cart')] });
      else sendJson(response, 200, pod('cart'));
    },
    { tls: false },
  );
  client = await opened.clientOf(api);
  reads = client.reads(scope(opened.signal));
});
afterEach(() => opened.close());

it('fetches an object once, asked for at once or later', async () => {
  const [first, second] = await Promise.all([reads.get(PODS, CART, opened), reads.get(PODS, CART, opened)]);
  expect(second).toBe(first);
  expect(await reads.get(PODS, { ...CART }, opened)).toBe(first);
  expect(api.received).toHaveLength(1);
});

it('fetches a list once per namespace and selectors', async () => {
  const all = { ...opened, namespace: 'shop' };
  await Promise.all([reads.list(PODS, all), reads.list(PODS, all)]);
  await reads.list(PODS, all);
  expect(api.received).toHaveLength(1);
  await reads.list(PODS, { ...all, labelSelector: 'a=b' });
  await reads.list(PODS, { ...all, fieldSelector: 'a=b' });
  await reads.list(PODS, { ...all, namespace: 'other' });
  expect(api.received).toHaveLength(4);
});

it('keeps objects of different kinds, names and namespaces apart', async () => {
  await reads.get(PODS, CART, opened);
  await reads.get(PODS, { ...CART, name: 'other' }, opened);
  await reads.get(PODS, { ...CART, namespace: 'other' }, opened);
  await reads.get(NODES, { name: 'cart' }, opened);
  expect(api.received).toHaveLength(4);
});

it('does not remember a failure', async () => {
  const { respond } = api;
  api.respond = (response) => sendJson(response, 404, status(404, 'NotFound', 'gone', { name: 'cart' }));
  await expect(reads.get(PODS, CART, opened)).rejects.toMatchObject({ code: 'target_gone' });
  api.respond = respond;
  expect(await reads.get(PODS, CART, opened)).toEqual(pod('cart'));
});

it('one view knows nothing of another', async () => {
  await reads.get(PODS, CART, opened);
  await kubernetes.reads?.(client, scope(opened.signal)).get(PODS, CART, opened);
  expect(api.received).toHaveLength(2);
});

it('one who leaves does not take the answer from the others', async () => {
  const { respond } = api;
  const abort = new AbortController();
  api.respond = (...given) => {
    abort.abort();
    setImmediate(() => respond(...given));
  };
  const leaving = reads.get(PODS, CART, { signal: abort.signal });
  const staying = reads.get(PODS, CART, opened);
  await expect(leaving).rejects.toMatchObject({ code: 'aborted', cause: { kind: 'kubernetes-failure' } });
  expect(await staying).toEqual(pod('cart'));
  expect(api.received).toHaveLength(1);
});

it('the last one who leaves ends the request, and who asks at that moment starts another', async () => {
  const { respond } = api;
  const abort = new AbortController();
  let gone: Promise<unknown> | undefined;
  const arrived = new Promise<void>((resolve) => {
    api.respond = (_, __, incoming) => {
      gone = once(incoming.socket, 'close');
      resolve();
    };
  });
  const leaving = reads.get(PODS, CART, { signal: abort.signal });
  await arrived;
  api.respond = respond;
  abort.abort();
  const next = reads.get(PODS, CART, opened);
  await expect(leaving).rejects.toMatchObject({ code: 'aborted' });
  expect(await next).toEqual(pod('cart'));
  await gone;
});

it('ends with its event', async () => {
  const event = new AbortController();
  api.respond = () => event.abort();
  await expect(client.reads(scope(event.signal)).get(PODS, CART, opened)).rejects.toMatchObject({ code: 'aborted' });
});

it('offers nothing that changes anything', () => {
  expect(Object.keys(reads).sort()).toEqual(['get', 'list', 'ownNamespace', 'refuseProtected', 'resources']);
  expect(Object.keys(reads.resources)).toEqual(['find']);
});
