import { afterEach, expect, it } from 'vitest';
import type { ObjectInput, OwnerReference } from '../api-object.ts';
import type { FakeKubernetes } from '../fake-kubernetes.ts';
import { at, isObject, textAt } from '../json.ts';
import { startFakeKubernetes } from '../start-fake-kubernetes.ts';
import { pod } from '../workloads/pod.ts';
import { podDisruptionBudget } from '../workloads/pod-disruption-budget.ts';
import { ownerReference, replicaSet } from '../workloads/workloads.ts';
import { ask } from './ask.ts';
import { client } from './client.ts';
import { differences } from './compare.ts';
import type { Exchange } from './exchange.ts';
import { exchanges } from './exchange.ts';
import { NOW, USERS } from './world.ts';

/** What has to be true before the request is sent. */
interface Eviction extends Exchange {
  readonly world: 'none' | 'evicted' | 'tight' | 'loose' | 'consumed' | 'stale' | 'double';
  /** Of a pod: has to be among its conditions. */
  readonly condition?: Readonly<Record<string, string>>;
}

let fake: FakeKubernetes | undefined;
afterEach(async () => {
  await fake?.close();
  fake = undefined;
});

/** A workload of three pods, the one asked about among them. */
function workload(asked: string): readonly ObjectInput[] {
  const name = 'web-89b84b8c4';
  const labels = { app: 'web' };
  const [owner] = replicaSet({ name, namespace: 'shop', replicas: 3, labels });
  if (owner === undefined) return [];
  const reference: OwnerReference = ownerReference(owner);
  const names = [asked.startsWith(name) ? asked : `${name}-mxwd4`, `${name}-rs8rj`, `${name}-wjzwf`];
  return [owner, ...names.map((one) => pod({ name: one, namespace: 'shop', labels, owner: reference }))];
}

async function prepare(world: Eviction['world'], asked: string): Promise<FakeKubernetes> {
  const ready = world === 'consumed' ? 2 : 3;
  const minAvailable = world === 'tight' ? 3 : 2;
  const labels = { app: 'web' };
  const web = workload(asked);
  const started = await startFakeKubernetes({
    objects: [
      ...['ev1', 'bare', 'd30'].map((name) => pod({ name, namespace: 'shop' })),
      pod({ name: 'pend', namespace: 'shop', labels: { app: 'pending' }, node: '' }),
      ...(ready === 3 ? web : web.map((one, index) => (index === 2 ? { ...one, status: { phase: 'Running' } } : one))),
      ...(world === 'none' || world === 'evicted'
        ? []
        : [podDisruptionBudget({ name: 'web-pdb', namespace: 'shop', labels, minAvailable })]),
      ...(world === 'double'
        ? [podDisruptionBudget({ name: 'second', namespace: 'shop', labels, minAvailable: 1 })]
        : []),
      podDisruptionBudget({ name: 'pending', namespace: 'shop', minAvailable: 1 }),
    ],
    users: USERS,
    terminationDelay: Infinity,
    now: () => NOW,
  });
  fake = started;
  if (world === 'stale') {
    started.setDisruptionController(false);
    started.change('poddisruptionbudgets', 'shop', 'web-pdb', (budget) => (budget.metadata.generation = 2));
  }
  return started;
}

const recorded = exchanges('evictions').map((exchange) => [exchange.recording, exchange as Eviction] as const);
it.each(recorded)('evicts like the recordings: %s', async (_recording, exchange) => {
  const started = await prepare(exchange.world, /\/pods\/([^/]+)/.exec(exchange.request)?.[1] ?? '');
  const api = client(started);
  if (exchange.world === 'evicted') {
    for (const name of ['ev1', 'd30']) {
      const body = { metadata: { name }, deleteOptions: { gracePeriodSeconds: 1 } };
      await api.call('POST', `/api/v1/namespaces/shop/pods/${name}/eviction`, { body });
    }
  }
  const answer = await ask(api, exchange);
  expect(differences(exchange, answer)).toEqual([]);
  const conditions = at(answer.body, 'status', 'conditions');
  const found = (Array.isArray(conditions) ? conditions : []).filter(isObject);
  const target = found.filter((one) => textAt(one, 'type') === 'DisruptionTarget');
  expect(target).toMatchObject(exchange.condition === undefined ? [] : [exchange.condition]);
  api.close();
});
