import type { ApiObject } from '../api-object.ts';
import { timestamp } from '../api-object.ts';
import type { Json, JsonObject } from '../json.ts';
import { at, isObject, sameJson } from '../json.ts';
import { PODS } from '../resources/core.ts';
import { POD_DISRUPTION_BUDGETS } from '../resources/policy.ts';
import { resourceOfKind } from '../resources/registry.ts';
import { selectorOfObject } from '../selectors/selector-object.ts';
import type { Cluster } from '../server/request.ts';

/** An eviction that was allowed and never happened no longer counts after this time. */
const DISRUPTION_TIME = 120_000;

export interface DisruptionController {
  /** While it does not run, the status of every budget stays as it is. */
  setRunning(running: boolean): void;
}

export function isReady(pod: ApiObject): boolean {
  const conditions = at(pod, 'status', 'conditions');
  return (
    Array.isArray(conditions) &&
    conditions.some((one) => sameJson([at(one, 'type'), at(one, 'status')], ['Ready', 'True']))
  );
}

/** The pods a budget is about. */
export function podsOfBudget(cluster: Cluster, budget: ApiObject): readonly ApiObject[] {
  const fits = selectorOfObject(at(budget, 'spec', 'selector'));
  return cluster.store.list(PODS, budget.metadata.namespace ?? '').filter((pod) => fits(pod.metadata.labels ?? {}));
}

/** How many pods the owners of these want; a pod without an owner that has `replicas` counts for nothing. */
function expectedScale(cluster: Cluster, pods: readonly ApiObject[]): number {
  const scales = new Map<string, number>();
  for (const pod of pods) {
    const reference = pod.metadata.ownerReferences?.find((owner) => owner.controller === true);
    const resource = reference && resourceOfKind(reference.apiVersion, reference.kind);
    if (reference === undefined || resource === undefined) continue;
    const owner = cluster.store.get(resource, pod.metadata.namespace ?? '', reference.name);
    const replicas = at(owner, 'spec', 'replicas');
    if (owner?.metadata.uid === reference.uid && typeof replicas === 'number') scales.set(reference.uid, replicas);
  }
  return [...scales.values()].reduce((sum, count) => sum + count, 0);
}

function scaled(value: Json, total: number): number {
  return typeof value === 'string' ? Math.ceil((Number.parseInt(value, 10) * total) / 100) : Number(value);
}

interface Counts {
  readonly expectedPods: number;
  readonly desiredHealthy: number;
}

function countsOf(cluster: Cluster, budget: ApiObject, pods: readonly ApiObject[]): Counts {
  const { minAvailable, maxUnavailable } = budget.spec ?? {};
  if (maxUnavailable !== undefined) {
    const expectedPods = expectedScale(cluster, pods);
    return { expectedPods, desiredHealthy: Math.max(0, expectedPods - scaled(maxUnavailable, expectedPods)) };
  }
  if (typeof minAvailable === 'string') {
    const expectedPods = expectedScale(cluster, pods);
    return { expectedPods, desiredHealthy: scaled(minAvailable, expectedPods) };
  }
  return { expectedPods: pods.length, desiredHealthy: Number(minAvailable ?? 0) };
}

/** The condition that says whether anything may be evicted. */
export function allowedCondition(budget: ApiObject, allowed: number, now: string): JsonObject {
  const status = allowed > 0 ? 'True' : 'False';
  const before = at(budget, 'status', 'conditions', 0);
  const since = at(before, 'status') === status ? at(before, 'lastTransitionTime') : undefined;
  return {
    type: 'DisruptionAllowed',
    status,
    observedGeneration: budget.metadata.generation ?? 1,
    lastTransitionTime: since ?? now,
    reason: allowed > 0 ? 'SufficientPods' : 'InsufficientPods',
    message: '',
  };
}

function statusOf(cluster: Cluster, budget: ApiObject): JsonObject {
  const pods = podsOfBudget(cluster, budget);
  const { expectedPods, desiredHealthy } = countsOf(cluster, budget, pods);
  const noted = at(budget, 'status', 'disruptedPods');
  const now = cluster.now();
  const disrupted = Object.entries(isObject(noted) ? noted : {}).filter(([name, time]) => {
    const pod = pods.find((one) => one.metadata.name === name);
    const waiting = pod !== undefined && pod.metadata.deletionTimestamp === undefined;
    return waiting && Date.parse(typeof time === 'string' ? time : '') + DISRUPTION_TIME > now;
  });
  const away = new Set(disrupted.map(([name]) => name));
  const currentHealthy = pods.filter(
    (pod) => pod.metadata.deletionTimestamp === undefined && !away.has(pod.metadata.name) && isReady(pod),
  ).length;
  const allowed = expectedPods <= 0 ? 0 : Math.max(0, currentHealthy - desiredHealthy);
  return {
    observedGeneration: budget.metadata.generation ?? 1,
    ...(disrupted.length === 0 ? {} : { disruptedPods: Object.fromEntries(disrupted) }),
    disruptionsAllowed: allowed,
    currentHealthy,
    desiredHealthy,
    expectedPods,
    conditions: [allowedCondition(budget, allowed, timestamp(now))],
  };
}

/** Keeps the status of PodDisruptionBudgets, as the controller manager does: a moment after each change. */
export function startDisruptionController(cluster: Cluster): DisruptionController {
  let running = true;
  let due = false;
  const update = (): void => {
    due = false;
    if (!running) return;
    for (const budget of cluster.store.list(POD_DISRUPTION_BUDGETS, '')) {
      const status = statusOf(cluster, budget);
      if (!sameJson(status, budget.status)) cluster.store.put(POD_DISRUPTION_BUDGETS, { ...budget, status });
    }
  };
  const plan = (): void => {
    if (due || !running) return;
    due = true;
    queueMicrotask(update);
  };
  cluster.store.onChange((_change, resource) => {
    if (['Pod', 'PodDisruptionBudget', 'ReplicaSet', 'StatefulSet', 'ReplicationController'].includes(resource.kind))
      plan();
  });
  update();
  return {
    setRunning(now) {
      running = now;
      plan();
    },
  };
}
