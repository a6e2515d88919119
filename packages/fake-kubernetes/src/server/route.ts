/** A path and a method, read as the API server reads them, before anybody knows whether such a resource exists. */
export interface Route {
  readonly path: string;
  readonly query: URLSearchParams;
  /** In RBAC's words: get, list, watch, create, update, patch, delete, deletecollection. */
  readonly verb: string;
  /** `undefined` for a path that is not about a resource: discovery, health, version. */
  readonly target?: Target;
}

export interface Target {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
}

const NAMESPACE_SUBRESOURCES = ['status', 'finalize'];

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function targetOf(segments: readonly string[]): Target | undefined {
  const [root, ...rest] = segments;
  const group = root === 'apis' ? rest.shift() : '';
  const version = rest.shift();
  if ((root !== 'api' && root !== 'apis') || group === undefined || version === undefined || rest.length === 0)
    return undefined;
  let namespace = '';
  let parts = rest;
  if (parts[0] === 'namespaces' && parts[1] !== undefined) {
    namespace = parts[1];
    const inner = parts[2];
    if (inner !== undefined && !NAMESPACE_SUBRESOURCES.includes(inner)) parts = parts.slice(2);
  }
  const [resource = '', name = '', subresource = ''] = parts;
  return { group, version, resource, name, subresource, namespace };
}

function verbOf(method: string, target: Target | undefined, query: URLSearchParams): string {
  if (target === undefined) return method === 'HEAD' ? 'get' : method.toLowerCase();
  const collection = target.name === '';
  switch (method) {
    case 'GET':
    case 'HEAD': {
      if (!collection) return 'get';
      const watch = query.get('watch') ?? '';
      return watch !== '' && watch !== '0' && watch !== 'false' ? 'watch' : 'list';
    }
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return collection ? 'deletecollection' : 'delete';
    default:
      return '';
  }
}

export function parseRoute(method: string, url: string): Route {
  const mark = url.indexOf('?');
  const path = decoded(mark < 0 ? url : url.slice(0, mark));
  const query = new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1));
  const target = targetOf(path.split('/').filter((segment) => segment !== ''));
  return { path, query, verb: verbOf(method, target, query), ...(target === undefined ? {} : { target }) };
}
