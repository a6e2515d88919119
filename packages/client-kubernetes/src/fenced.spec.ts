import { deployment, pod, startFakeKubernetes, type FakeKubernetes } from '@falco-talon/fake-kubernetes';
import { TalonError } from '@falco-talon/core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { open, QUICK, type Opened } from '../spec/loopback-api.ts';
import { kubernetes, mergeObject, NETWORK_POLICIES, PODS, type Kubernetes } from './index.ts';

const CART = { namespace: 'shop', name: 'cart' };
const NO = new TalonError('not_leading', 'another replica leads', { retryable: true });
const POLICY = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: CART, spec: { podSelector: {} } };

let opened: Opened;
let cluster: FakeKubernetes;
let client: Kubernetes;
let asked: (string | undefined)[];
let allowed: boolean;

const fence = () =>
  kubernetes.fenced!(client, (effect) => {
    asked.push(effect);
    if (!allowed) throw NO;
  });
const changes = () => cluster.requests.filter(({ method }) => method !== 'GET').map(({ method }) => method);
const drained = async (chunks: AsyncIterable<unknown>) => {
  for await (const _ of chunks);
};

beforeEach(async () => {
  opened = await open();
  cluster = await startFakeKubernetes({
    objects: [pod({ name: 'cart', namespace: 'shop' }), ...deployment({ name: 'web', namespace: 'shop', replicas: 0 })],
  });
  client = await opened.client(await opened.file('config', cluster.kubeconfig()), {
    limits: { ...QUICK, connections: 1, mostConnections: 1 },
  });
  asked = [];
  allowed = true;
});
afterEach(async () => {
  await opened.close();
  await cluster.close();
});

it('sends nothing that changes something when it may not, and says why; reads are free', async () => {
  const fenced = fence();
  allowed = false;
  const body = { metadata: { labels: { a: 'b' } } };
  const writes: readonly (() => Promise<unknown>)[] = [
    () => fenced.patch(PODS, CART, { type: 'merge', body }, opened),
    () => fenced.create(NETWORK_POLICIES, POLICY, { ...opened, namespace: 'shop' }),
    () => fenced.replace(NETWORK_POLICIES, CART, POLICY, opened),
    () => fenced.apply(NETWORK_POLICIES, CART, POLICY, { ...opened, fieldManager: 'x', force: true }),
    () => fenced.addEphemeralContainer(CART, { name: 'c', image: 'i' }, opened),
    () => fenced.evict(CART, opened),
    () => fenced.delete(PODS, CART, opened),
    () => drained(fenced.exec(CART, { ...opened, command: ['true'] })),
  ];
  for (const write of writes) await expect(write()).rejects.toBe(NO);
  expect(asked).toHaveLength(writes.length);
  expect(cluster.requests).toEqual([]);
  expect(await fenced.get(PODS, CART, opened)).toMatchObject({ metadata: { name: 'cart' } });
  expect(asked).toHaveLength(writes.length);
});

it('asks when the request leaves, not when it begins to wait', async () => {
  const busy = cluster.fault({ kind: 'hold', match: { verb: 'get' } });
  const reading = client.get(PODS, CART, opened);
  await cluster.waitForRequest(({ verb }) => verb === 'get');
  const waiting = fence().delete(PODS, CART, opened);
  await new Promise(setImmediate);
  expect(asked).toEqual([]);
  allowed = false;
  busy.release();
  await reading;
  await expect(waiting).rejects.toBe(NO);
  expect(changes()).toEqual([]);
  // The connection is not lost by it.
  allowed = true;
  await fence().delete(PODS, CART, opened);
  expect(cluster.connections).toBe(1);
});

it('asks again before each repetition', async () => {
  const fault = cluster.fault({ kind: 'status', status: 429, match: { method: 'DELETE' } });
  const deleting = fence().delete(PODS, CART, opened);
  await cluster.waitForRequest(({ method }) => method === 'DELETE');
  allowed = false;
  await expect(deleting).rejects.toBe(NO);
  fault.release();
  expect(changes()).toEqual(['DELETE']);
});

it('tells what only ends something from what begins it', async () => {
  const fenced = fence();
  await fenced.delete(PODS, CART, { ...opened, ends: true });
  expect(asked).toEqual(['ends']);
});

it('a command gets no more input when it may not, and its connection ends', async () => {
  const received: string[] = [];
  cluster.onExec({}, async ({ stdin }) => {
    for await (const bytes of stdin) received.push(Buffer.from(bytes).toString());
    return 0;
  });
  async function* input() {
    yield Buffer.from('first');
    await expect.poll(() => received).toEqual(['first']);
    allowed = false;
    yield Buffer.from('second');
  }
  await expect(drained(fence().exec(CART, { ...opened, command: ['sh'], stdin: input() }))).rejects.toBe(NO);
  expect(received).toEqual(['first']);
});

it('changes of one object made through several views are still written together', async () => {
  const change = (note: string) => ({
    signal: opened.signal,
    change: (current?: { metadata: { annotations?: object } }) => ({
      ...POLICY,
      ...current,
      metadata: { ...CART, ...current?.metadata, annotations: { ...current?.metadata.annotations, [note]: 'yes' } },
    }),
  });
  await Promise.all(['a', 'b', 'c'].map((note) => mergeObject(fence(), NETWORK_POLICIES, CART, change(note))));
  expect(changes()).toEqual(['POST']);
  expect(cluster.get('networkpolicies', 'shop', 'cart')?.metadata.annotations).toEqual({
    a: 'yes',
    b: 'yes',
    c: 'yes',
  });
});

it('one that may no longer act does not take the changes of the others with it', async () => {
  const leaving = new AbortController();
  const late = kubernetes.fenced!(client, () => {
    leaving.abort(NO);
    throw NO;
  });
  const change = (signal: AbortSignal) => ({ signal, change: () => POLICY });
  const first = mergeObject(late, NETWORK_POLICIES, CART, change(leaving.signal));
  const second = mergeObject(fence(), NETWORK_POLICIES, CART, change(opened.signal));
  await expect(first).rejects.toThrow();
  await expect(second).resolves.toBe('created');
});
