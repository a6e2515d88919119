import type { ApiObject } from '../api-object.ts';
import type { JsonObject } from '../json.ts';
import { quote } from '../json.ts';
import { apiVersionOf, qualifiedPlural } from '../resources/resource.ts';
import { parseSelectors } from '../selectors/selectors.ts';
import type { Answer } from '../server/answer.ts';
import { refuse } from '../server/answer.ts';
import { badRequest, internalError } from '../server/refusals.ts';
import type { ApiRequest, Cluster } from '../server/request.ts';
import { removeAll } from './delete.ts';
import type { Pages } from './pages.ts';
import { decodeContinue, encodeContinue, expired } from './pages.ts';

function integerOf(request: ApiRequest, name: string): number {
  const text = request.query.get(name) ?? '';
  if (text === '') return 0;
  if (!/^-?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${quote(text)}: invalid syntax`);
  return Number(text);
}

function checkVersion(cluster: Cluster, request: ApiRequest): void {
  const wanted = request.query.get('resourceVersion') ?? '';
  if (wanted === '' || wanted === '0') return;
  if (!/^\d+$/.test(wanted)) {
    throw internalError(
      `resourceVersion: Invalid value: ${quote(wanted)}: strconv.ParseUint: parsing ${quote(wanted)}: invalid syntax`,
    );
  }
  const current = cluster.store.version;
  if (Number(wanted) > current) {
    throw refuse({
      code: 504,
      reason: 'Timeout',
      message: `Timeout: Too large resource version: ${wanted}, current: ${current}`,
      details: {
        causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
        retryAfterSeconds: 1,
      },
      headers: { 'retry-after': '1' },
    });
  }
  if (request.query.get('resourceVersionMatch') === 'Exact' && Number(wanted) !== current) {
    throw refuse({
      code: 410,
      reason: 'Expired',
      message: 'The resourceVersion for the provided list is too old.',
    });
  }
}

/** The key of an object within the scope of the list, as continue tokens hold it. */
function keyOf(request: ApiRequest, object: ApiObject): string {
  const { name, namespace } = object.metadata;
  return request.namespace === '' && namespace !== undefined ? `${namespace}/${name}` : name;
}

function selected(request: ApiRequest, objects: readonly ApiObject[]): readonly ApiObject[] {
  return objects.filter(parseSelectors(request));
}

function answer(request: ApiRequest, metadata: JsonObject, objects: readonly ApiObject[]): Answer {
  const { resource } = request;
  if (resource.custom !== undefined) {
    // Keys in Go's order of a map; items say what they are.
    const page = { continue: '', ...metadata };
    const body = { apiVersion: apiVersionOf(resource), items: objects, kind: `${resource.kind}List`, metadata: page };
    return { status: 200, body };
  }
  // Items carry no kind and no apiVersion.
  const items = objects.map(({ kind: _kind, apiVersion: _apiVersion, ...rest }) => rest);
  return {
    status: 200,
    body: { kind: `${resource.kind}List`, apiVersion: apiVersionOf(resource), metadata, items },
  };
}

export function list(cluster: Cluster, pages: Pages, request: ApiRequest): Answer {
  const { resource, namespace, query } = request;
  const limit = integerOf(request, 'limit');
  const token = query.get('continue') ?? '';
  const scope = `${qualifiedPlural(resource)}/${namespace}`;
  let version = cluster.store.version;
  let objects = cluster.store.list(resource, namespace);
  let after = '';
  if (token !== '') {
    const given = query.get('resourceVersion') ?? '';
    if (given !== '' && given !== '0')
      throw badRequest('specifying resource version is not allowed when using continue');
    const from = decodeContinue(token);
    after = from.after;
    if (from.version >= 0) {
      const found = pages.find(scope, from.version);
      if (found === undefined) throw expired(after);
      objects = found;
      version = from.version;
    }
  } else checkVersion(cluster, request);

  const wanted = selected(request, objects).filter((object) => after === '' || keyOf(request, object) > after);
  const metadata: JsonObject = { resourceVersion: String(version) };
  // Version 0 is answered from the watch cache, which knows no pages.
  const paged = limit > 0 && !(token === '' && query.get('resourceVersion') === '0');
  if (!paged || wanted.length <= limit) return answer(request, metadata, wanted);
  const page = wanted.slice(0, limit);
  const last = page.at(-1);
  pages.remember(scope, { version, objects });
  metadata['continue'] = encodeContinue(version, last === undefined ? '' : `/${keyOf(request, last)}`);
  const selects = (query.get('labelSelector') ?? '') !== '' || (query.get('fieldSelector') ?? '') !== '';
  if (!selects) metadata['remainingItemCount'] = wanted.length - limit;
  return answer(request, metadata, page);
}

/** Answers with the objects as they were when they were selected. */
export function deleteCollection(cluster: Cluster, request: ApiRequest): Answer {
  const objects = selected(request, cluster.store.list(request.resource, request.namespace));
  const version = cluster.store.version;
  removeAll(cluster, request, objects);
  return answer(request, { resourceVersion: String(version) }, objects);
}
