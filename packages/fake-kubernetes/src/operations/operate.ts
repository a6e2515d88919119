import { checkTier } from '../access/tiers.ts';
import { findServed, groupVersionsOf, servedResources } from '../resources/served.ts';
import { apiVersionOf, storedAs } from '../resources/resource.ts';
import type { Answer } from '../server/answer.ts';
import { plainText, refuse } from '../server/answer.ts';
import { methodNotAllowed, notFound, unknownResource } from '../server/refusals.ts';
import type { ApiRequest, Cluster } from '../server/request.ts';
import type { Target } from '../server/route.ts';
import { review } from './access-review.ts';
import { create } from './create.ts';
import { remove } from './delete.ts';
import { evict } from './evict.ts';
import { exec } from './exec.ts';
import { deleteCollection, list } from './list.ts';
import type { Pages } from './pages.ts';
import { asRequested } from './partial-metadata.ts';
import { patch } from './patch.ts';
import { podLog } from './pod-log.ts';
import { update } from './update.ts';
import { watch } from './watch.ts';

export const NOT_FOUND_PAGE = plainText(404, '404 page not found\n');

/** A group or version nobody serves is plain text; an unknown plural in a known group is a Status. */
export function resourceOfTarget({ store }: Cluster, target: Target): ApiRequest['resource'] | Answer {
  const { group, version, resource, subresource } = target;
  const found = findServed(store, group, version, resource);
  if (found === undefined) {
    if (groupVersionsOf(servedResources(store)).includes(apiVersionOf({ group, version }))) throw unknownResource();
    return NOT_FOUND_PAGE;
  }
  if (subresource !== '' && !found.subresources.some((sub) => sub.name === subresource)) throw unknownResource();
  return found;
}

function get(cluster: Cluster, request: ApiRequest): Answer {
  const { resource, namespace, name } = request;
  const object = cluster.store.get(resource, resource.namespaced ? namespace : '', name);
  if (object === undefined) throw notFound(storedAs(resource), name);
  checkTier(cluster, request, object);
  return { status: 200, body: object };
}

function checkAccept(request: ApiRequest): void {
  const accept = request.headers.accept ?? '*/*';
  if (/\*\/\*|application\/\*|application\/json/.test(accept)) return;
  throw refuse({
    code: 406,
    reason: 'NotAcceptable',
    message:
      '406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf',
    details: {},
  });
}

/** Which methods a path takes is known before the body is looked at. */
function allowed(request: ApiRequest): boolean {
  const { method, verb, resource, name, subresource } = request;
  if (method === 'HEAD' || verb === '') return false;
  if (subresource !== '') {
    return resource.subresources.find((sub) => sub.name === subresource)?.verbs.includes(verb) ?? false;
  }
  if ((verb === 'create' && name !== '') || (verb === 'update' && name === '') || (verb === 'patch' && name === ''))
    return false;
  return resource.verbs.includes(verb);
}

function notServed(request: ApiRequest): Error {
  const { resource, subresource, verb } = request;
  const what = subresource === '' ? resource.plural : `${resource.plural}/${subresource}`;
  return refuse({ code: 501, reason: 'NotImplemented', message: `fake-kubernetes does not serve ${verb} of ${what}` });
}

/** Carries out one request. @throws Refusal */
export function operate(cluster: Cluster, pages: Pages, request: ApiRequest): Answer {
  if (!allowed(request)) throw methodNotAllowed();
  const { subresource, verb } = request;
  if (subresource === 'log') return podLog(cluster, request);
  if (subresource === 'eviction') return evict(cluster, request);
  if (subresource === 'exec') return exec(cluster, request);
  if (subresource !== '' && subresource !== 'status' && subresource !== 'ephemeralcontainers') {
    get(cluster, request);
    throw notServed(request);
  }
  checkAccept(request);
  switch (verb) {
    case 'get':
      return asRequested(request, get(cluster, request));
    case 'list':
      return asRequested(request, list(cluster, pages, request));
    case 'watch':
      return watch(cluster, request);
    case 'create':
      return review(cluster, request) ?? create(cluster, request);
    case 'update':
      return update(cluster, request);
    case 'patch':
      return patch(cluster, request);
    case 'delete':
      return remove(cluster, request);
    case 'deletecollection':
      return deleteCollection(cluster, request);
    default:
      throw notServed(request);
  }
}
