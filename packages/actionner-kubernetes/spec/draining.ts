import { node, pod, type ObjectInput, type PodInput } from '@falco-talon/fake-kubernetes';
import { runActionner } from '@falco-talon/testkit';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { drain } from '../src/drain/drain.ts';
import { alertAbout, startCluster, type TestCluster } from './cluster.ts';

/** A cluster whose node `node-1` runs the pod `shop/cart-0`, made anew before each test. */
export interface DrainedNode {
  readonly cluster: TestCluster;
  clear(): void;
  create(...objects: readonly ObjectInput[]): void;
  /** Drains the node for an alert about `cart-0`. */
  run(
    parameters?: Readonly<Record<string, unknown>>,
    more?: Readonly<Record<string, unknown>>,
  ): ReturnType<typeof runActionner>;
  /** Names of the pods that were neither deleted nor told to stop. */
  untouched(): readonly string[];
  evictions(): TestCluster['api']['requests'];
}

const PLURALS = ['pods', 'replicasets', 'statefulsets', 'daemonsets', 'jobs', 'poddisruptionbudgets', 'nodes'];

export function shopPod(name: string, more: Partial<PodInput> = {}): ObjectInput {
  return pod({ namespace: 'shop', name, ...more });
}

/** The lines of a result, in the order of the pods' names. */
export function sortedLines(output: string | undefined): readonly string[] {
  return (output ?? '').split('\n').toSorted();
}

/** For the top of a spec file. */
export function useDrainedNode(): DrainedNode {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster({ terminationDelay: 20 });
  });
  afterAll(() => cluster.close());
  beforeEach(() => drained.clear());

  const drained: DrainedNode = {
    get cluster() {
      return cluster;
    },
    clear() {
      const { api } = cluster;
      api.clearFaults();
      api.setNodeAnswers('node-1', true);
      for (const plural of PLURALS) {
        for (const { metadata } of api.objects(plural)) api.remove(plural, metadata.namespace ?? '', metadata.name);
      }
      api.create(node({ name: 'node-1' }), shopPod('cart-0'));
      api.clearRequests();
    },
    create(...objects) {
      cluster.api.create(...objects);
      cluster.api.clearRequests();
    },
    run: (parameters = {}, more = {}) =>
      runActionner(drain, {
        event: alertAbout('cart-0'),
        parameters,
        clients: { kubernetes: cluster.client },
        ...more,
      }),
    untouched: () =>
      cluster.api
        .objects('pods')
        .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
        .map(({ metadata }) => metadata.name),
    evictions: () => cluster.api.requests.filter(({ subresource }) => subresource === 'eviction'),
  };
  return drained;
}
