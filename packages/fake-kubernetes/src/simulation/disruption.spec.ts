import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FakeKubernetes } from '../fake-kubernetes.ts';
import type { Client } from '../replay/client.ts';
import { client } from '../replay/client.ts';
import { startFakeKubernetes } from '../start-fake-kubernetes.ts';
import type { PodDisruptionBudgetInput } from '../workloads/pod-disruption-budget.ts';
import { podDisruptionBudget } from '../workloads/pod-disruption-budget.ts';
import { daemonSet, deployment } from '../workloads/workloads.ts';

let fake: FakeKubernetes;
let api: Client;
beforeEach(async () => {
  fake = await startFakeKubernetes({
    objects: [
      ...deployment({ name: 'web', namespace: 'shop', replicas: 7, ready: 6 }),
      ...daemonSet({ name: 'agent', namespace: 'shop', replicas: 2 }),
    ],
    terminationDelay: Infinity,
  });
  api = client(fake);
});
afterEach(async () => {
  api.close();
  await fake.close();
});

const budget = (input: Partial<PodDisruptionBudgetInput>) =>
  void fake.create(podDisruptionBudget({ name: 'web', namespace: 'shop', ...input }));
const status = async () => (await api.call('GET', '/apis/policy/v1/namespaces/shop/poddisruptionbudgets/web')).body;
const podNames = () => fake.objects('pods', 'shop').map((pod) => pod.metadata.name);
const webPods = () => podNames().filter((name) => name.startsWith('web-'));
const evict = async (name: string) =>
  (await api.call('POST', `/api/v1/namespaces/shop/pods/${name}/eviction`, { body: { metadata: { name } } })).status;

describe('the status of a budget', () => {
  it.each([
    [{ minAvailable: 4 }, { expectedPods: 7, desiredHealthy: 4, currentHealthy: 6, disruptionsAllowed: 2 }],
    [{ minAvailable: '50%' }, { expectedPods: 7, desiredHealthy: 4, currentHealthy: 6, disruptionsAllowed: 2 }],
    [{ maxUnavailable: 3 }, { expectedPods: 7, desiredHealthy: 4, currentHealthy: 6, disruptionsAllowed: 2 }],
    [{ maxUnavailable: '40%' }, { expectedPods: 7, desiredHealthy: 4, currentHealthy: 6, disruptionsAllowed: 2 }],
    [{ maxUnavailable: 0 }, { expectedPods: 7, desiredHealthy: 7, currentHealthy: 6, disruptionsAllowed: 0 }],
    [
      { minAvailable: 1, labels: { app: 'none' } },
      { expectedPods: 0, currentHealthy: 0, disruptionsAllowed: 0 },
    ],
  ])('of %j counts like the controller', async (input, counts) => {
    budget(input);
    expect(await status()).toMatchObject({ status: counts });
  });

  it('follows evictions, and what takes the place of the pods', async () => {
    budget({ minAvailable: 5 });
    const [first = '', second = ''] = webPods();
    expect(await evict(first)).toBe(201);
    expect(await evict(second)).toBe(429);
    expect(await status()).toMatchObject({ status: { disruptionsAllowed: 0, currentHealthy: 5 } });
    fake.change('pods', 'shop', webPods().at(-1) ?? '', (pod) => {
      pod.status = { ...pod.status, conditions: [{ type: 'Ready', status: 'True' }] };
    });
    expect(await evict(second)).toBe(201);
  });
});

it('a pod that is not ready may go when the budget is kept without it', async () => {
  budget({ minAvailable: 6 });
  expect(await evict(webPods().at(-1) ?? '')).toBe(201);
  expect(await evict(webPods()[0] ?? '')).toBe(429);
});

it('a pod that is not ready stays when the budget is broken, unless it always allows that', async () => {
  budget({ minAvailable: 7 });
  expect(await evict(webPods().at(-1) ?? '')).toBe(429);
  fake.change(
    'poddisruptionbudgets',
    'shop',
    'web',
    (one) => (one.spec = { ...one.spec, unhealthyPodEvictionPolicy: 'AlwaysAllow' }),
  );
  expect(await evict(webPods().at(-1) ?? '')).toBe(201);
});

it.each([
  [{ minAvailable: 1, maxUnavailable: 1 }, 'cannot be both set'],
  [{ minAvailable: '1/3' }, 'a valid percent string'],
  [{ minAvailable: '101%' }, 'must not be greater than 100%'],
  [{ maxUnavailable: -1 }, 'must be greater than or equal to 0'],
])('refuses a budget of %j', async (spec, words) => {
  const body = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'web' }, spec };
  const answer = await api.call('POST', '/apis/policy/v1/namespaces/shop/poddisruptionbudgets', { body });
  expect(answer).toMatchObject({ status: 422 });
  expect(answer.text).toContain(words);
});

it('a dry run of an eviction asks the budget and changes nothing', async () => {
  budget({ minAvailable: 5 });
  const [name = ''] = webPods();
  const path = `/api/v1/namespaces/shop/pods/${name}/eviction`;
  const body = { metadata: { name }, deleteOptions: { dryRun: ['All'] } };
  expect((await api.call('POST', path, { body })).status).toBe(201);
  expect((await api.call('POST', `${path}?dryRun=All`, { body: { metadata: { name } } })).status).toBe(201);
  expect(fake.get('pods', 'shop', name)?.metadata.deletionTimestamp).toBeUndefined();
  expect(await status()).toMatchObject({ status: { disruptionsAllowed: 1 } });
});
