import { enforcePodSecurity } from '../admission/pod-security.ts';
import { checkTier } from '../access/tiers.ts';
import type { ApiObject, ManagedFieldsEntry } from '../api-object.ts';
import { copyObject } from '../api-object.ts';
import { ownedAfterUpdate } from '../apply/managed-fields.ts';
import type { Json, JsonObject } from '../json.ts';
import { sameJson } from '../json.ts';
import { setContainerDefaults } from '../resources/defaults.ts';
import { canonical } from '../resources/canonical.ts';
import { fillDefaults } from '../resources/custom/open-api.ts';
import type { Resource } from '../resources/resource.ts';
import { storedAs } from '../resources/resource.ts';
import type { StructSchema } from '../schema/schema.ts';
import type { Answer } from '../server/answer.ts';
import { badRequest, conflict, invalid, invalidValue, MODIFIED, notFound } from '../server/refusals.ts';
import type { ApiRequest, Cluster } from '../server/request.ts';
import { updateErrors } from '../validation/validate.ts';
import { createObject, updateManager } from './create.ts';
import { checkNamespace, readObject } from './read-body.ts';
import type { WriteOptions } from './write-options.ts';
import { writeOptions } from './write-options.ts';

function checkName(request: ApiRequest, object: ApiObject): void {
  const { name } = object.metadata;
  if (name !== '' && name !== request.name) {
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${request.name})`);
  }
}

function checkVersion(request: ApiRequest, before: ApiObject, given: string): void {
  const { resource, name } = request;
  if (given === '' && !resource.unconditionalUpdate) {
    const error = invalidValue('metadata.resourceVersion', 0, 'must be specified for an update');
    throw invalid({ group: resource.group, kind: resource.plural }, name, [error]);
  }
  if (given !== '' && given !== before.metadata.resourceVersion) throw conflict(storedAs(resource), name, MODIFIED);
}

/** Of what is written to `ephemeralcontainers` only these count. */
function withEphemeralContainers(before: ApiObject, wanted: ApiObject): JsonObject {
  const { ephemeralContainers: _, ...spec } = before.spec ?? {};
  const containers = wanted.spec?.['ephemeralContainers'];
  const after: JsonObject =
    containers === undefined ? spec : { ...spec, ephemeralContainers: copyObject(containers as Json[]) };
  setContainerDefaults(after);
  return after;
}

/** The fields only the server sets keep their values; of the object and its status each path changes only its own. */
function withSystemFields(request: ApiRequest, before: ApiObject, wanted: ApiObject): ApiObject {
  const { resource, subresource } = request;
  const old = before.metadata;
  const base: ApiObject = subresource === '' ? wanted : { ...before, metadata: { ...old } };
  if (subresource === 'ephemeralcontainers') base.spec = withEphemeralContainers(before, wanted);
  const metadata: ApiObject['metadata'] = {
    ...base.metadata,
    name: old.name,
    uid: wanted.metadata.uid === '' ? old.uid : wanted.metadata.uid,
    resourceVersion: old.resourceVersion,
    creationTimestamp: old.creationTimestamp,
  };
  for (const key of [
    'namespace',
    'generateName',
    'generation',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
  ] as const) {
    if (old[key] === undefined) delete metadata[key];
    else Object.assign(metadata, { [key]: old[key] });
  }
  const after: ApiObject = { ...base, metadata };
  if (subresource === 'status') {
    if (wanted.status === undefined) delete after.status;
    else after.status = wanted.status;
  } else if (resource.subresources.some((sub) => sub.name === 'status')) {
    if (before.status === undefined) delete after.status;
    else after.status = before.status;
  }
  if (resource.custom !== undefined) fillDefaults(resource.custom, after as unknown as JsonObject);
  if (resource.hasGeneration && !sameContent(resource, before, after)) metadata.generation = (old.generation ?? 0) + 1;
  return after;
}

/** What the generation counts changes of: the spec, of a custom resource everything but metadata and a status of its own. */
function sameContent(resource: Resource, before: ApiObject, after: ApiObject): boolean {
  if (resource.custom === undefined) return sameJson(before.spec, after.spec);
  const content = ({ metadata: _metadata, status, ...rest }: ApiObject): object =>
    resource.subresources.length > 0 ? rest : { ...rest, status };
  return sameJson(content(before), content(after));
}

function unchanged(before: ApiObject, after: ApiObject): boolean {
  const { managedFields: oldFields = [], ...old } = before.metadata;
  const { managedFields: newFields = [], ...current } = after.metadata;
  return sameJson({ ...before, metadata: old }, { ...after, metadata: current }) && sameOwners(oldFields, newFields);
}

function sameOwners(a: readonly ManagedFieldsEntry[], b: readonly ManagedFieldsEntry[]): boolean {
  const essence = ({ time: _time, ...rest }: ManagedFieldsEntry): object => rest;
  return sameJson(a.map(essence), b.map(essence));
}

export interface Update {
  readonly dryRun: boolean;
  readonly fieldManager: string;
  /** Given by apply, which keeps its own account. */
  readonly managedFields?: readonly ManagedFieldsEntry[];
}

/** Completes, validates and stores a changed object; a change that changes nothing keeps the version. */
export function updateObject(
  cluster: Cluster,
  request: ApiRequest,
  before: ApiObject,
  wanted: ApiObject,
  update: Update,
): ApiObject {
  const { resource } = request;
  checkName(request, wanted);
  checkNamespace(request, wanted);
  checkTier(cluster, request, before);
  checkVersion(request, before, wanted.metadata.resourceVersion);
  const after = withSystemFields(request, before, wanted);
  const { errors, reported } = updateErrors(resource, before, after, request.subresource);
  if (errors.length > 0) throw invalid(storedAs(resource), request.name, errors, reported);
  enforcePodSecurity(cluster, resource, after, before);
  const owners =
    update.managedFields ??
    ownedAfterUpdate(
      before.metadata.managedFields ?? [],
      resource.schema as StructSchema,
      before as unknown as JsonObject,
      after as unknown as JsonObject,
      updateManager(cluster, request, update.fieldManager),
    );
  if (owners.length > 0) after.metadata.managedFields = [...owners];
  else delete after.metadata.managedFields;
  if (unchanged(before, after)) return before;
  if (update.dryRun) return canonical(resource, after);
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = after.metadata;
  if (
    deletionTimestamp !== undefined &&
    deletionGracePeriodSeconds === 0 &&
    finalizers.length === 0 &&
    resource.kind !== 'Namespace'
  ) {
    cluster.store.remove(resource, after);
    return canonical(resource, after);
  }
  return cluster.store.put(resource, after);
}

function checkUid(request: ApiRequest, before: ApiObject, given: string): void {
  if (given === '' || given === before.metadata.uid) return;
  const { resource, namespace, name } = request;
  const key = `/registry/${resource.plural}/${resource.namespaced ? `${namespace}/` : ''}${name}`;
  throw conflict(
    resource,
    name,
    `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${given}, UID in object meta: ${before.metadata.uid}`,
  );
}

function replaced(cluster: Cluster, request: ApiRequest, wanted: ApiObject, options: WriteOptions): Answer {
  const { resource, name } = request;
  const before = cluster.store.get(resource, resource.namespaced ? request.namespace : '', name);
  if (before === undefined && !resource.createOnUpdate) throw notFound(storedAs(resource), name);
  if (before === undefined) {
    const manager = updateManager(cluster, request, options.fieldManager);
    return { status: 201, body: createObject(cluster, request, wanted, { dryRun: options.dryRun, manager }) };
  }
  checkUid(request, before, wanted.metadata.uid);
  return { status: 200, body: updateObject(cluster, request, before, wanted, options) };
}

/** PUT */
export function update(cluster: Cluster, request: ApiRequest): Answer {
  const options = writeOptions(request, 'UpdateOptions');
  const { object, warnings } = readObject(request, options);
  checkName(request, object);
  checkNamespace(request, object);
  return { ...replaced(cluster, request, object, options), warnings };
}
