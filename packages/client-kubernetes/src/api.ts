import type {
  ApplyOptions,
  CallOptions,
  DeleteOptions,
  Discovery,
  EvictOptions,
  Kubernetes,
  KubernetesObject,
  ListOptions,
  LogOptions,
  ObjectName,
  Patch,
  Resource,
  WatchOptions,
  WriteOptions,
} from './kubernetes.ts';
import { PODS } from './kubernetes.ts';
import { readJson } from './answer-body.ts';
import { createDiscovery } from './discovery/discovery.ts';
import { evictPod } from './evict.ts';
import { createExec } from './exec/exec.ts';
import type { Limits } from './limits.ts';
import { listAll, listSnapshot } from './list.ts';
import { checkLabel, checkSegment } from './names.ts';
import { collectionPath, objectPath, resourceText } from './path.ts';
import { readPodLog } from './pod-log.ts';
import { refuseOwnAccess } from './own-access.ts';
import { isNamespace, refuseProtected } from './protection.ts';
import { queryText } from './query.ts';
import { createReads } from './reads.ts';
import { perform, type Call, type Session } from './transport/call.ts';
import { watchObjects } from './watch/watch.ts';

const JSON_TYPE = 'application/json';
const PATCH_TYPES = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  json: 'application/json-patch+json',
} as const satisfies Record<Patch['type'], string>;
/** JSON is YAML, so the body needs no other writer. */
const APPLY_TYPE = 'application/apply-patch+yaml';

/** What the views of one client have together. */
export interface SharedParts {
  readonly resources: Discovery;
  /** Commands that run. */
  readonly running: { count: number };
}

export function createSharedParts(session: Session, limits: Limits): SharedParts {
  return { resources: createDiscovery(session, limits), running: { count: 0 } };
}

/** The API over a session. */
export function createApi(
  session: Session,
  limits: Limits,
  ownNamespace: string,
  shared: SharedParts = createSharedParts(session, limits),
): Kubernetes {
  async function send<T>(call: Call): Promise<T> {
    const answer = await perform(session, call, limits);
    return readJson(call, answer) as T;
  }

  const onObject = (resource: Resource, object: ObjectName, { signal }: CallOptions) => ({
    path: objectPath(resource, object),
    resource: resourceText(resource),
    namespace: object.namespace,
    name: object.name,
    signal,
  });

  const api: Kubernetes = {
    ownNamespace,
    async get<T extends KubernetesObject>(resource: Resource, object: ObjectName, options: CallOptions) {
      return send<T>({ ...onObject(resource, object, options), method: 'GET', verb: 'get' });
    },
    async list<T extends KubernetesObject>(resource: Resource, options: ListOptions) {
      return listAll<T>(session, limits, resource, options);
    },
    async create<T extends KubernetesObject>(
      resource: Resource,
      object: { readonly metadata: Readonly<Record<string, unknown>> },
      options: WriteOptions & { readonly namespace?: string },
    ) {
      // The body's name is part of no URL; the API server judges it. This keeps it from being one in a later call.
      const { name } = object.metadata;
      if (name !== undefined) checkSegment(`name of a ${resource.kind}`, name);
      return send<T>({
        method: 'POST',
        verb: 'create',
        path: collectionPath(resource, options.namespace),
        query: writeQuery(options),
        body: JSON.stringify(object),
        contentType: JSON_TYPE,
        resource: resourceText(resource),
        namespace: options.namespace,
        name: name as string | undefined,
        signal: options.signal,
      });
    },
    async replace<T extends KubernetesObject>(
      resource: Resource,
      name: ObjectName,
      object: Readonly<Record<string, unknown>>,
      options: WriteOptions,
    ) {
      return send<T>({
        ...onObject(resource, name, options),
        method: 'PUT',
        verb: 'update',
        query: writeQuery(options),
        body: JSON.stringify(object),
        contentType: JSON_TYPE,
      });
    },
    async patch<T extends KubernetesObject>(resource: Resource, name: ObjectName, patch: Patch, options: WriteOptions) {
      return send<T>({
        ...onObject(resource, name, options),
        method: 'PATCH',
        verb: 'patch',
        query: writeQuery(options),
        body: JSON.stringify(patch.body),
        contentType: PATCH_TYPES[patch.type],
      });
    },
    async apply<T extends KubernetesObject>(
      resource: Resource,
      name: ObjectName,
      object: Readonly<Record<string, unknown>>,
      options: ApplyOptions,
    ) {
      return send<T>({
        ...onObject(resource, name, options),
        method: 'PATCH',
        verb: 'patch',
        query: writeQuery(options, options.force),
        body: JSON.stringify(object),
        contentType: APPLY_TYPE,
      });
    },
    async addEphemeralContainer<T extends KubernetesObject>(
      pod: Required<ObjectName>,
      container: Readonly<Record<string, unknown>> & { readonly name: string },
      options: WriteOptions,
    ) {
      checkLabel('name of a container', container.name);
      return send<T>({
        ...onObject(PODS, pod, options),
        path: objectPath(PODS, pod, 'ephemeralcontainers'),
        resource: resourceText(PODS, 'ephemeralcontainers'),
        method: 'PATCH',
        verb: 'patch',
        query: writeQuery(options),
        // Strategic: a merge patch would replace the list, which is refused once it has an item.
        body: JSON.stringify({ spec: { ephemeralContainers: [container] } }),
        contentType: PATCH_TYPES.strategic,
      });
    },
    async delete(resource: Resource, name: ObjectName, options: DeleteOptions) {
      const call: Call = {
        ...onObject(resource, name, options),
        method: 'DELETE',
        verb: 'delete',
        ends: options.ends,
        body: JSON.stringify(deleteOptions(options)),
        contentType: JSON_TYPE,
      };
      if (options.spareProtected || isNamespace(resource)) refuseProtected(resource, name, ownNamespace);
      if (options.spareProtected) await refuseOwnAccess(api, resource, name, options);
      await perform(session, call, limits);
    },
    evict: (pod: Required<ObjectName>, options: EvictOptions) => evictPod(session, limits, pod, options),
    snapshot: <T extends KubernetesObject>(resource: Resource, options: ListOptions) =>
      listSnapshot<T>(session, limits, resource, options),
    watch: <T extends KubernetesObject>(resource: Resource, options: WatchOptions) =>
      watchObjects<T>(session, limits, resource, options),
    resources: shared.resources,
    refuseProtected: (resource, name) => refuseProtected(resource, name, ownNamespace),
    podLog: (pod: Required<ObjectName>, options: LogOptions) => readPodLog(session, limits, pod, options),
    exec: createExec(session, limits, shared.running),
    reads: (scope) => createReads(api, scope),
  };
  return api;
}

function writeQuery(options: WriteOptions, force?: boolean): string {
  return queryText({
    fieldManager: options.fieldManager,
    dryRun: options.dryRun ? 'All' : undefined,
    force,
  });
}

function deleteOptions(options: DeleteOptions): Readonly<Record<string, unknown>> {
  const { uid, resourceVersion } = options;
  return {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    gracePeriodSeconds: options.gracePeriodSeconds,
    propagationPolicy: options.propagationPolicy,
    preconditions: uid === undefined && resourceVersion === undefined ? undefined : { uid, resourceVersion },
    dryRun: options.dryRun ? ['All'] : undefined,
  };
}
