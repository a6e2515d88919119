import { mayDo, mayGetPath, PUBLIC_PATHS, rulesFor } from '../access/authorize.ts';
import type { Rule } from '../access/users.ts';
import { namespaceOfAccount } from '../access/users.ts';
import { timestamp, type ApiObject } from '../api-object.ts';
import { ownedAfterUpdate } from '../apply/managed-fields.ts';
import type { Json, JsonObject } from '../json.ts';
import { isObject, textAt } from '../json.ts';
import { apiVersionOf } from '../resources/resource.ts';
import type { StructSchema } from '../schema/schema.ts';
import type { Answer } from '../server/answer.ts';
import { refuse } from '../server/answer.ts';
import { badRequest } from '../server/refusals.ts';
import type { ApiRequest, Cluster } from '../server/request.ts';
import { updateManager } from './create.ts';
import { readObject } from './read-body.ts';
import { writeOptions } from './write-options.ts';

const EVERYBODY: readonly JsonObject[] = [
  [
    '/api',
    '/api/*',
    '/apis',
    '/apis/*',
    '/healthz',
    '/livez',
    '/openapi',
    '/openapi/*',
    '/readyz',
    '/version',
    '/version/',
  ],
  ['/.well-known/openid-configuration', '/.well-known/openid-configuration/', '/openid/v1/jwks', '/openid/v1/jwks/'],
  ['/.well-known', '/.well-known/*'],
  [...PUBLIC_PATHS, '/version/'],
].map((nonResourceURLs) => ({ verbs: ['get'], nonResourceURLs }));

/** Neither question or both: the server names no kind here. */
function notOneQuestion(): Error {
  const field = 'spec.resourceAttributes';
  const message = 'Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified';
  return refuse({
    code: 422,
    reason: 'Invalid',
    message: `.authorization.k8s.io "" is invalid: ${field}: ${message}`,
    details: { group: 'authorization.k8s.io', causes: [{ reason: 'FieldValueInvalid', message, field }] },
  });
}

function isAllowed(cluster: Cluster, { user }: ApiRequest, asked: JsonObject): boolean {
  const { store } = cluster;
  const resource = asked['resourceAttributes'];
  const path = asked['nonResourceAttributes'];
  if (isObject(resource) === isObject(path)) throw notOneQuestion();
  if (isObject(path)) return mayGetPath(store, user, textAt(path, 'verb'), textAt(path, 'path'));
  const word = (field: string): string => textAt(resource, field);
  return mayDo(store, user, {
    verb: word('verb'),
    group: word('group'),
    resource: word('resource'),
    subresource: word('subresource'),
    namespace: word('namespace'),
    name: word('name'),
  });
}

function accessReview(cluster: Cluster, request: ApiRequest, object: ApiObject): Answer {
  const spec = object.spec ?? {};
  const allowed = isAllowed(cluster, request, spec);
  const { fieldManager } = writeOptions(request, 'CreateOptions');
  const managedFields = ownedAfterUpdate(
    [],
    request.resource.schema as StructSchema,
    {},
    { spec },
    updateManager(cluster, request, fieldManager),
  );
  const body = { ...head(request), metadata: { managedFields: [...managedFields] }, spec, status: { allowed } };
  return { status: 201, body };
}

function head({ resource }: ApiRequest): { kind: string; apiVersion: string } {
  return { kind: resource.kind, apiVersion: apiVersionOf(resource) };
}

function asJson({ verbs, apiGroups, resources, resourceNames }: Rule): JsonObject {
  const list = (values: readonly string[]): Json => [...values];
  return {
    verbs: list(verbs),
    apiGroups: list(apiGroups ?? ['']),
    resources: list(resources ?? []),
    ...(resourceNames === undefined ? {} : { resourceNames: list(resourceNames) }),
  };
}

function rulesReview(cluster: Cluster, request: ApiRequest, object: ApiObject): Answer {
  const namespace = textAt(object, 'spec', 'namespace');
  if (namespace === '') throw badRequest('no namespace on request');
  const rules = rulesFor(cluster.store, request.user).filter(
    (rule) => rule.nonResourceURLs === undefined && (rule.namespace ?? namespace) === namespace,
  );
  const status = { resourceRules: rules.map(asJson), nonResourceRules: EVERYBODY, incomplete: false };
  return { status: 201, body: { ...head(request), metadata: {}, spec: {}, status } };
}

function subjectReview(cluster: Cluster, request: ApiRequest): Answer {
  const { name, groups } = request.user;
  const uid = namespaceOfAccount(name) === undefined ? {} : { uid: `uid-of-${name}` };
  const status = { userInfo: { username: name, ...uid, groups: [...groups] } };
  const metadata = { creationTimestamp: timestamp(cluster.now()) };
  return { status: 201, body: { ...head(request), metadata, status } };
}

/** The answer to a question about oneself; `undefined` for a kind that is stored. @throws Refusal 400, 422 */
export function review(cluster: Cluster, request: ApiRequest): Answer | undefined {
  const { kind } = request.resource;
  if (!['SelfSubjectAccessReview', 'SelfSubjectRulesReview', 'SelfSubjectReview'].includes(kind)) return undefined;
  const { object } = readObject(request, writeOptions(request, 'CreateOptions'));
  if (kind === 'SelfSubjectAccessReview') return accessReview(cluster, request, object);
  if (kind === 'SelfSubjectRulesReview') return rulesReview(cluster, request, object);
  return subjectReview(cluster, request);
}
