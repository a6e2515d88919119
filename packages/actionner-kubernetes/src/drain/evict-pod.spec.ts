import { node, pod, podDisruptionBudget } from '@falco-talon/fake-kubernetes';
import { TalonError } from '@falco-talon/core';
import { PODS } from '@falco-talon/client-kubernetes';
import { runActionner } from '@falco-talon/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { alertAbout, startCluster, type TestCluster } from '../../spec/cluster.ts';
import { drain } from './drain.ts';
import { evictPod, type EvictInput } from './evict-pod.ts';

const CART = { namespace: 'shop', name: 'cart-0' };
let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startCluster({ objects: [node({ name: 'node-1' })], terminationDelay: Infinity });
});
afterAll(() => cluster.close());
beforeEach(() => {
  const { api } = cluster;
  api.clearFaults();
  for (const { metadata } of api.objects('pods')) api.remove('pods', 'shop', metadata.name);
  for (const { metadata } of api.objects('poddisruptionbudgets'))
    api.remove('poddisruptionbudgets', 'shop', metadata.name);
  api.create(pod({ ...CART, uid: 'uid-1' }));
  api.clearRequests();
});

async function evict(more: Partial<EvictInput> = {}) {
  const { signal } = new AbortController();
  const found = await cluster.client.get(PODS, CART, { signal });
  cluster.api.clearRequests();
  return evictPod(found, {
    client: cluster.client,
    gracePeriodSeconds: undefined,
    signal,
    waiting: AbortSignal.abort(),
    inTurn: (work) => work(),
    isGone: () => false,
    ...more,
  });
}
const evictions = () => cluster.api.requests.filter(({ subresource }) => subresource === 'eviction').length;
const match = { subresource: 'eviction' };

describe('an eviction without an answer', () => {
  it('that was carried out is seen, and not sent again', async () => {
    cluster.api.fault({ kind: 'lost-answer', match, times: 1 });
    expect(await evict()).toBeUndefined();
    expect(cluster.calls().map((call) => call.split(' ')[0])).toEqual(['POST', 'GET']);
    expect(cluster.api.get('pods', 'shop', 'cart-0')?.metadata.deletionTimestamp).toBeDefined();
  });

  it('that was not carried out is sent again after a look', async () => {
    cluster.api.fault({ kind: 'reset', match, times: 1 });
    expect(await evict()).toBeUndefined();
    expect(cluster.calls().map((call) => call.split(' ')[0])).toEqual(['POST', 'GET', 'POST']);
  });

  it('never reaches the pod that took the place of the one meant', async () => {
    cluster.api.fault({ kind: 'reset', match, times: 1 });
    cluster.api.fault({ kind: 'hold', match: { method: 'GET', name: 'cart-0' }, skip: 1, times: 1 });
    const running = evict();
    await cluster.api.waitForRequest(({ subresource }) => subresource === 'eviction');
    cluster.api.remove('pods', 'shop', 'cart-0');
    cluster.api.create(pod({ ...CART, uid: 'uid-2' }));
    cluster.api.clearFaults();
    expect(await running).toEqual({ kind: 'gone' });
    expect(evictions()).toBe(1);
    expect(cluster.api.get('pods', 'shop', 'cart-0')?.metadata.deletionTimestamp).toBeUndefined();
  });
});

describe('an eviction', () => {
  it('of a pod that went is as good as done', async () => {
    cluster.api.fault({ kind: 'vanish', match: { method: 'GET' }, times: 1 });
    expect(await evict()).toEqual({ kind: 'gone' });
    expect(evictions()).toBe(1);
  });

  it('of a pod that was replaced under its name is as good as done, and leaves the other alone', async () => {
    cluster.api.fault({ kind: 'vanish', match: { method: 'GET' }, times: 1 });
    const inTurn: EvictInput['inTurn'] = (work) => {
      cluster.api.create(pod({ ...CART, uid: 'uid-2' }));
      return work();
    };
    expect(await evict({ inTurn })).toEqual({ kind: 'gone' });
    expect(cluster.api.get('pods', 'shop', 'cart-0')?.metadata.deletionTimestamp).toBeUndefined();
  });

  it('that fails for the moment is tried again, but not for ever', async () => {
    cluster.api.fault({ kind: 'status', status: 503, match, times: 2 });
    expect(await evict()).toBeUndefined();
    cluster.api.fault({ kind: 'status', status: 503, match });
    cluster.api.change('pods', 'shop', 'cart-0', ({ metadata }) => delete metadata.deletionTimestamp);
    expect(await evict()).toMatchObject({ kind: 'failed', code: 'unavailable' });
    expect(evictions()).toBe(5);
  });

  it('that is not allowed is tried once and names the right', async () => {
    cluster.api.fault({ kind: 'status', status: 403, reason: 'Forbidden', message: 'no', match });
    const fate = await evict();
    expect(fate).toMatchObject({ kind: 'failed', code: 'forbidden' });
    expect(fate).toMatchObject({ reason: expect.stringContaining('not allowed to create pods/eviction shop/cart-0') });
    expect(evictions()).toBe(1);
  });

  it('in a namespace that is going away waits for that', async () => {
    const cause = {
      kind: 'kubernetes-failure',
      status: 403,
      reason: 'Forbidden',
      causes: [{ reason: 'NamespaceTerminating' }],
    };
    const evict403 = () => Promise.reject(new TalonError('forbidden', 'it is being terminated', { cause }));
    expect(await evict({ client: { ...cluster.client, evict: evict403 } })).toBeUndefined();
  });

  it('refused by a budget is given up when the wait is over, and when the pod has gone by itself', async () => {
    cluster.api.change('pods', 'shop', 'cart-0', ({ metadata }) => (metadata.labels = { app: 'cart' }));
    cluster.api.create(podDisruptionBudget({ name: 'cart', namespace: 'shop', minAvailable: 1 }));
    const wait = new AbortController();
    const running = evict({ waiting: wait.signal });
    await cluster.api.waitForRequest(({ subresource, status }) => subresource === 'eviction' && status >= 0);
    wait.abort();
    expect(await running).toEqual({
      kind: 'refused',
      budget: 'cart',
      reason: 'needs 1 healthy pods and has 1 currently',
    });
    expect(await evict({ isGone: () => true })).toEqual({ kind: 'gone' });
    expect(evictions()).toBe(0);
  });

  it('refused by a budget the controller has not looked at yet is told as such', async () => {
    cluster.api.change('pods', 'shop', 'cart-0', ({ metadata }) => (metadata.labels = { app: 'cart' }));
    cluster.api.setDisruptionController(false);
    cluster.api.create(podDisruptionBudget({ name: 'cart', namespace: 'shop', minAvailable: 0 }));
    const fate = await evict();
    cluster.api.setDisruptionController(true);
    expect(fate).toMatchObject({ kind: 'refused', budget: 'cart', reason: 'is still being processed by the server.' });
  });
});

it('a drain that is stopped in the middle of evictions ends at once', async () => {
  cluster.api.fault({ kind: 'hang', match });
  const stop = new AbortController();
  const running = runActionner(drain, {
    event: alertAbout('cart-0'),
    clients: { kubernetes: cluster.client },
    signal: stop.signal,
  });
  await cluster.api.waitForRequest(({ subresource }) => subresource === 'eviction');
  stop.abort();
  expect((await running).error?.code).toBe('aborted');
});
