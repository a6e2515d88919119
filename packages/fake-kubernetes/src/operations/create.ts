import { forbidden, mayDo } from '../access/authorize.ts';
import { enforcePodSecurity, podSecurityWarnings } from '../admission/pod-security.ts';
import { checkTier } from '../access/tiers.ts';
import type { ApiObject } from '../api-object.ts';
import { timestamp } from '../api-object.ts';
import { ownedAfterUpdate } from '../apply/managed-fields.ts';
import type { Manager } from '../apply/managed-fields.ts';
import type { JsonObject } from '../json.ts';
import { quote } from '../json.ts';
import { NAMESPACES } from '../resources/core.ts';
import { canonical } from '../resources/canonical.ts';
import { fillDefaults } from '../resources/custom/open-api.ts';
import { randomSuffix, setDefaults } from '../resources/defaults.ts';
import { apiVersionOf, storedAs } from '../resources/resource.ts';
import type { StructSchema } from '../schema/schema.ts';
import type { Answer } from '../server/answer.ts';
import { refuse } from '../server/answer.ts';
import { alreadyExists, internalError, invalid, notFound } from '../server/refusals.ts';
import type { ApiRequest, Cluster } from '../server/request.ts';
import { createErrors } from '../validation/validate.ts';
import { checkNamespace, readObject } from './read-body.ts';
import { writeOptions } from './write-options.ts';

function checkNamespaceExists(cluster: Cluster, request: ApiRequest, name: string): void {
  const { namespace, resource } = request;
  if (!resource.namespaced) return;
  const found = cluster.store.get(NAMESPACES, '', namespace);
  if (found === undefined) throw notFound(NAMESPACES, namespace);
  if (found.metadata.deletionTimestamp === undefined) return;
  const { group, plural } = resource;
  const subject = `${group === '' ? plural : `${plural}.${group}`} ${quote(name)}`;
  throw refuse({
    code: 403,
    reason: 'Forbidden',
    message: `${subject} is forbidden: unable to create new content in namespace ${namespace} because it is being terminated`,
    details: {
      name,
      ...(group === '' ? {} : { group }),
      kind: plural,
      causes: [
        {
          reason: 'NamespaceTerminating',
          message: `namespace ${namespace} is being terminated`,
          field: 'metadata.namespace',
        },
      ],
    },
  });
}

export interface Creation {
  readonly dryRun: boolean;
  readonly manager: Manager;
  /** Given by apply, which keeps its own account. */
  readonly managedFields?: ApiObject['metadata']['managedFields'];
}

/** A PUT or an apply that makes the object wants `create` beside its own verb. */
function checkMayCreate(cluster: Cluster, { verb, resource, subresource, namespace, name, user }: ApiRequest): void {
  if (verb === 'create') return;
  const asked = { verb: 'create', group: resource.group, resource: resource.plural, subresource, namespace, name };
  if (!mayDo(cluster.store, user, asked)) throw forbidden(user, asked);
}

/** Admits, completes, validates and stores a new object. @throws Refusal 403, 404, 409, 422, 500 */
export function createObject(cluster: Cluster, request: ApiRequest, input: ApiObject, creation: Creation): ApiObject {
  const { resource, namespace } = request;
  const { store } = cluster;
  checkMayCreate(cluster, request);
  const { generateName = '' } = input.metadata;
  const name =
    input.metadata.name === '' && generateName !== '' ? `${generateName}${randomSuffix()}` : input.metadata.name;
  checkNamespaceExists(cluster, request, name);
  checkTier(cluster, request, input);
  const { resourceVersion, deletionTimestamp: _gone, deletionGracePeriodSeconds: _grace, ...metadata } = input.metadata;
  const object: ApiObject = {
    ...input,
    metadata: {
      ...metadata,
      name,
      ...(resource.namespaced ? { namespace } : {}),
      uid: store.newUid(),
      resourceVersion: '',
      ...(resource.hasGeneration ? { generation: 1 } : {}),
      creationTimestamp: timestamp(cluster.now()),
    },
  };
  delete object.metadata.managedFields;
  if (resource.subresources.some((sub) => sub.name === 'status')) delete object.status;
  if (resource.custom === undefined) setDefaults(object);
  else fillDefaults(resource.custom, object as unknown as JsonObject);
  const errors = createErrors(resource, object);
  if (errors.length > 0) throw invalid(storedAs(resource), name, errors);
  enforcePodSecurity(cluster, resource, object);
  if (resourceVersion !== '') throw internalError('resourceVersion should not be set on objects to be created');
  if (store.get(resource, resource.namespaced ? namespace : '', name) !== undefined)
    throw alreadyExists(storedAs(resource), name);
  const schema = resource.schema as StructSchema;
  const { status: _status, ...owned } = object;
  object.metadata.managedFields = [
    ...(creation.managedFields ?? ownedAfterUpdate([], schema, {}, owned as unknown as JsonObject, creation.manager)),
  ];
  return creation.dryRun ? canonical(resource, object) : store.put(resource, object);
}

export function updateManager(cluster: Cluster, request: ApiRequest, name: string): Manager {
  return {
    name,
    operation: 'Update',
    apiVersion: apiVersionOf(request.resource),
    time: timestamp(cluster.now()),
    ...(request.subresource === '' ? {} : { subresource: request.subresource }),
  };
}

export function create(cluster: Cluster, request: ApiRequest): Answer {
  const options = writeOptions(request, 'CreateOptions');
  const { object, warnings } = readObject(request, options);
  checkNamespace(request, object);
  const manager = updateManager(cluster, request, options.fieldManager);
  const created = createObject(cluster, request, object, { dryRun: options.dryRun, manager });
  return { status: 201, body: created, warnings: [...warnings, ...podSecurityWarnings(cluster, created)] };
}
