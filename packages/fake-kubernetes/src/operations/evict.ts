import type { ApiObject } from '../api-object.ts';
import { timestamp } from '../api-object.ts';
import type { JsonObject } from '../json.ts';
import { at, isObject, textAt } from '../json.ts';
import { POD_DISRUPTION_BUDGETS } from '../resources/policy.ts';
import { allowedCondition, isReady, podsOfBudget } from '../simulation/disruption.ts';
import type { Answer } from '../server/answer.ts';
import { refuse } from '../server/answer.ts';
import { badRequest, internalError, notFound } from '../server/refusals.ts';
import type { ApiRequest, Cluster } from '../server/request.ts';
import type { DeleteOptions } from './delete.ts';
import { deleteObject } from './delete.ts';
import { parseBody } from './read-body.ts';

const SERVED = ['', 'policy/v1', 'policy/v1beta1'];

function readEviction(request: ApiRequest): DeleteOptions {
  const body = parseBody(request, 'Eviction');
  const [version, kind] = [textAt(body, 'apiVersion'), textAt(body, 'kind')];
  if (!SERVED.includes(version) || !['', 'Eviction'].includes(kind)) {
    throw badRequest(`${kind || 'Eviction'} in version ${JSON.stringify(version)} cannot be handled as a Eviction`);
  }
  if (textAt(body, 'metadata', 'name') !== request.name) {
    throw badRequest('name in URL does not match name in Eviction object');
  }
  const grace = at(body, 'deleteOptions', 'gracePeriodSeconds');
  const uid = textAt(body, 'deleteOptions', 'preconditions', 'uid');
  const dryRun = at(body, 'deleteOptions', 'dryRun');
  return {
    dryRun: (Array.isArray(dryRun) && dryRun.length > 0) || request.query.getAll('dryRun').includes('All'),
    ...(typeof grace === 'number' ? { gracePeriodSeconds: grace } : {}),
    ...(uid === '' ? {} : { uid }),
  };
}

function violates(why: string, retryAfterSeconds = 0): Error {
  return refuse({
    code: 429,
    reason: 'TooManyRequests',
    message: "Cannot evict pod as it would violate the pod's disruption budget.",
    details: {
      causes: [{ reason: 'DisruptionBudget', message: why }],
      ...(retryAfterSeconds === 0 ? {} : { retryAfterSeconds }),
    },
    ...(retryAfterSeconds === 0 ? {} : { headers: { 'retry-after': String(retryAfterSeconds) } }),
  });
}

/** Takes one disruption out of the budget over the pod. @throws Refusal 429, or 500 when there are two budgets */
function useBudget(cluster: Cluster, pod: ApiObject, dryRun: boolean): void {
  const { namespace = '', name } = pod.metadata;
  const over = (budget: ApiObject): boolean =>
    podsOfBudget(cluster, budget).some((one) => one.metadata.uid === pod.metadata.uid);
  const [budget, second] = cluster.store.list(POD_DISRUPTION_BUDGETS, namespace).filter(over);
  if (budget === undefined) return;
  if (second !== undefined) {
    throw internalError(
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    );
  }
  const count = (key: string): number => Number(at(budget, 'status', key) ?? 0);
  if (!isReady(pod)) {
    const desired = count('desiredHealthy');
    const healthy = count('currentHealthy') >= desired && desired > 0;
    if (textAt(budget, 'spec', 'unhealthyPodEvictionPolicy') === 'AlwaysAllow' || healthy) return;
  }
  const called = `The disruption budget ${budget.metadata.name}`;
  if (count('observedGeneration') < (budget.metadata.generation ?? 1)) {
    throw violates(`${called} is still being processed by the server.`, 10);
  }
  const allowed = count('disruptionsAllowed');
  if (allowed <= 0) {
    throw violates(
      `${called} needs ${count('desiredHealthy')} healthy pods and has ${count('currentHealthy')} currently`,
    );
  }
  if (dryRun) return;
  const now = timestamp(cluster.now());
  const disrupted = at(budget, 'status', 'disruptedPods');
  const status: JsonObject = {
    ...budget.status,
    disruptionsAllowed: allowed - 1,
    disruptedPods: { ...(isObject(disrupted) ? disrupted : {}), [name]: now },
    conditions: [allowedCondition(budget, allowed - 1, now)],
  };
  cluster.store.put(POD_DISRUPTION_BUDGETS, { ...budget, status });
}

/** A pod that does not run, or will soon not, is no loss to a budget. */
function needsNoBudget(pod: ApiObject): boolean {
  const phase = textAt(pod, 'status', 'phase');
  return pod.metadata.deletionTimestamp !== undefined || ['Succeeded', 'Failed', 'Pending'].includes(phase);
}

function withCondition(pod: ApiObject, now: string): ApiObject {
  const conditions = at(pod, 'status', 'conditions');
  const target: JsonObject = {
    type: 'DisruptionTarget',
    status: 'True',
    lastProbeTime: null,
    lastTransitionTime: now,
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
  };
  return {
    ...pod,
    status: { ...pod.status, conditions: [target, ...(Array.isArray(conditions) ? conditions : [])] },
  };
}

/** `POST pods/NAME/eviction`. @throws Refusal 400, 404, 409, 429, 500 */
export function evict(cluster: Cluster, request: ApiRequest): Answer {
  const { resource, namespace, name } = request;
  const options = readEviction(request);
  const pod = cluster.store.get(resource, namespace, name);
  if (pod === undefined) throw notFound(resource, name);
  const free = needsNoBudget(pod);
  if (!free) useBudget(cluster, pod, options.dryRun);
  deleteObject(cluster, resource, free ? pod : withCondition(pod, timestamp(cluster.now())), options);
  return {
    status: 201,
    body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 },
  };
}
