import { checkTier } from '../access/tiers.ts';
import type { ApiObject } from '../api-object.ts';
import { copyObject, timestamp } from '../api-object.ts';
import type { JsonObject } from '../json.ts';
import { at, isObject, quote, textAt } from '../json.ts';
import { canonical } from '../resources/canonical.ts';
import { qualifiedKind, qualifiedPlural, storedAs } from '../resources/resource.ts';
import type { Resource } from '../resources/resource.ts';
import type { Answer } from '../server/answer.ts';
import { badRequest, conflict, invalid, notFound, notSupported } from '../server/refusals.ts';
import type { ApiRequest, Cluster } from '../server/request.ts';
import { jsonProblem } from './read-body.ts';

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly propagationPolicy?: string;
  readonly dryRun: boolean;
}

const PODS_KEPT =
  'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning';
const POLICIES = ['Foreground', 'Background', 'Orphan', 'nil'];

function parseBody(request: ApiRequest): JsonObject {
  const text = request.body.toString();
  if (text.trim() === '') return {};
  try {
    const body: unknown = JSON.parse(text);
    return isObject(body) ? body : {};
  } catch (error) {
    throw badRequest(`couldn't get version/kind; json parse error: ${jsonProblem(text, error)}`);
  }
}

function readOptions(request: ApiRequest): DeleteOptions {
  const body = parseBody(request);
  const { query } = request;
  const grace =
    at(body, 'gracePeriodSeconds') ??
    (query.has('gracePeriodSeconds') ? Number(query.get('gracePeriodSeconds')) : undefined);
  const policy = textAt(body, 'propagationPolicy') || (query.get('propagationPolicy') ?? '');
  const dryRuns = [...(Array.isArray(body['dryRun']) ? body['dryRun'].map(String) : []), ...query.getAll('dryRun')];
  const wrongPolicy = policy !== '' && !POLICIES.slice(0, 3).includes(policy);
  const errors = wrongPolicy ? [notSupported('propagationPolicy', policy, POLICIES)] : [];
  for (const value of dryRuns) if (value !== 'All') errors.push(notSupported('dryRun', value, ['All']));
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', errors);
  const uid = textAt(body, 'preconditions', 'uid');
  const resourceVersion = textAt(body, 'preconditions', 'resourceVersion');
  return {
    dryRun: dryRuns.length > 0,
    ...(typeof grace === 'number' ? { gracePeriodSeconds: grace } : {}),
    ...(uid === '' ? {} : { uid }),
    ...(resourceVersion === '' ? {} : { resourceVersion }),
    ...(policy === '' ? {} : { propagationPolicy: policy }),
  };
}

function checkPreconditions(resource: Resource, object: ApiObject, options: DeleteOptions): void {
  const { name, uid, resourceVersion } = object.metadata;
  const of = { group: resource.group, plural: resource.kind };
  if (options.uid !== undefined && options.uid !== uid) {
    throw conflict(
      of,
      name,
      `the UID in the precondition (${options.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
    );
  }
  if (options.resourceVersion !== undefined && options.resourceVersion !== resourceVersion) {
    throw conflict(
      of,
      name,
      `the ResourceVersion in the precondition (${options.resourceVersion}) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`,
    );
  }
}

/** How long a pod is given: a finished or unscheduled one nothing, a negative wish one second. */
function graceOf(pod: ApiObject, wanted: number | undefined): number {
  const phase = textAt(pod, 'status', 'phase');
  if (phase === 'Succeeded' || phase === 'Failed' || textAt(pod, 'spec', 'nodeName') === '') return 0;
  const own = at(pod, 'spec', 'terminationGracePeriodSeconds');
  const grace = wanted ?? (typeof own === 'number' ? own : 30);
  return grace < 0 ? 1 : grace;
}

function terminating(object: ApiObject, deletionTimestamp: string, grace: number | undefined): ApiObject {
  const { metadata } = copyObject({ metadata: object.metadata });
  metadata.deletionTimestamp = deletionTimestamp;
  if (grace !== undefined) metadata.deletionGracePeriodSeconds = grace;
  return { ...object, metadata };
}

function deletePod(cluster: Cluster, resource: Resource, pod: ApiObject, options: DeleteOptions): ApiObject {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = pod.metadata;
  let gone: ApiObject;
  const grace = graceOf(pod, options.gracePeriodSeconds);
  if (deletionTimestamp === undefined) {
    gone = terminating(pod, timestamp(cluster.now() + grace * 1000), grace);
    gone.metadata.generation = (pod.metadata.generation ?? 0) + 1;
  } else {
    const wanted = options.gracePeriodSeconds === undefined ? deletionGracePeriodSeconds : grace;
    // A later, longer grace changes nothing; a shorter one moves the deadline.
    if (wanted >= deletionGracePeriodSeconds) return pod;
    const deadline = Date.parse(deletionTimestamp) + (wanted - deletionGracePeriodSeconds) * 1000;
    gone = terminating(pod, timestamp(deadline), wanted);
  }
  if (options.dryRun) return canonical(resource, gone);
  const now = gone.metadata.deletionGracePeriodSeconds === 0 && finalizers.length === 0;
  return now ? cluster.store.remove(resource, gone) : cluster.store.put(resource, gone);
}

function deleteNamespace(cluster: Cluster, resource: Resource, namespace: ApiObject, dryRun: boolean): ApiObject {
  if (namespace.metadata.deletionTimestamp !== undefined) return namespace;
  const gone = terminating(namespace, timestamp(cluster.now()), undefined);
  gone.status = { ...gone.status, phase: 'Terminating' };
  return dryRun ? canonical(resource, gone) : cluster.store.put(resource, gone);
}

/** What has to happen to the dependents first. Jobs keep their pods unless told otherwise, for compatibility. */
function deletionFinalizers(resource: Resource, options: DeleteOptions): readonly string[] {
  if (options.propagationPolicy === 'Foreground') return ['foregroundDeletion'];
  return resource.kind === 'Job' && options.propagationPolicy !== 'Background' ? ['orphan'] : [];
}

/** `undefined` when the object is gone at once. */
function deleteOther(
  cluster: Cluster,
  resource: Resource,
  object: ApiObject,
  options: DeleteOptions,
): ApiObject | undefined {
  const own = object.metadata.finalizers ?? [];
  const finalizers = [...new Set([...own, ...deletionFinalizers(resource, options)])];
  if (finalizers.length === 0) {
    if (!options.dryRun) cluster.store.remove(resource, object);
    return undefined;
  }
  if (object.metadata.deletionTimestamp !== undefined) return object;
  const gone = terminating(object, timestamp(cluster.now()), 0);
  gone.metadata.finalizers = finalizers;
  if (resource.hasGeneration) gone.metadata.generation = (object.metadata.generation ?? 0) + 1;
  return options.dryRun ? canonical(resource, gone) : cluster.store.put(resource, gone);
}

/** Deletes as the API does; gives back what is left or was removed, `undefined` for a plain removal. */
export function deleteObject(
  cluster: Cluster,
  resource: Resource,
  object: ApiObject,
  options: DeleteOptions,
): ApiObject | undefined {
  checkPreconditions(resource, object, options);
  if (resource.kind === 'Pod') return deletePod(cluster, resource, object, options);
  if (resource.kind === 'Namespace') return deleteNamespace(cluster, resource, object, options.dryRun);
  return deleteOther(cluster, resource, object, options);
}

export function remove(cluster: Cluster, request: ApiRequest): Answer {
  const { resource, name } = request;
  const options = readOptions(request);
  const object = cluster.store.get(resource, resource.namespaced ? request.namespace : '', name);
  if (object === undefined) throw notFound(storedAs(resource), name);
  checkTier(cluster, request, object);
  const left = deleteObject(cluster, resource, object, options);
  const warnings = resource.kind === 'Job' && options.propagationPolicy === undefined ? [PODS_KEPT] : [];
  if (left !== undefined) return { status: 200, body: left, warnings };
  const { group, plural } = resource;
  return {
    status: 200,
    warnings,
    body: {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      details: { name, ...(group === '' ? {} : { group }), kind: plural, uid: object.metadata.uid },
    },
  };
}

/** Deletes each of the objects by itself. @throws Error naming the kind that cannot be deleted as a collection. */
export function removeAll(cluster: Cluster, request: ApiRequest, objects: readonly ApiObject[]): void {
  const options = readOptions(request);
  if (!request.resource.verbs.includes('deletecollection')) {
    throw badRequest(
      `${qualifiedKind(request.resource)} (${qualifiedPlural(request.resource)}) ${quote('deletecollection')}`,
    );
  }
  for (const object of objects) deleteObject(cluster, request.resource, object, options);
}
