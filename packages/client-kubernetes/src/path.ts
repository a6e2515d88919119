import type { ObjectName, Resource } from './kubernetes.ts';
import { badName, checkLabel, checkSegment, checkSubdomain } from './names.ts';

const VERSION = /^v[0-9]+(?:(?:alpha|beta)[0-9]+)?$/;
const NAMED_BY_SEGMENT = 'rbac.authorization.k8s.io';

export type Subresource = 'ephemeralcontainers' | 'eviction' | 'exec' | 'log';

/**
 * The only place where a URL path is made. Nothing that comes from an event reaches it unchecked, and what was checked is
 * encoded all the same.
 * @throws TalonError `invalid_value`
 */
export function objectPath(resource: Resource, object: ObjectName, subresource?: Subresource): string {
  const name =
    resource.group === NAMED_BY_SEGMENT
      ? checkSegment(`name of a ${resource.kind}`, object.name)
      : checkSubdomain(`name of a ${resource.kind}`, object.name);
  if (resource.namespaced && object.namespace === undefined) {
    throw badName(`namespace of a ${resource.kind}`, undefined, 'the namespace the object is in');
  }
  const collection = collectionPath(resource, object.namespace);
  const path = `${collection}/${encodeURIComponent(name)}${subresource === undefined ? '' : `/${subresource}`}`;
  return asserted(path, collection);
}

/** Without a namespace: the objects of all namespaces, or of a resource that has none. */
export function collectionPath(resource: Resource, namespace: string | undefined): string {
  const prefix = groupPath(resource);
  if (namespace === undefined) return `${prefix}/${resource.plural}`;
  if (!resource.namespaced) {
    throw badName(`namespace of a ${resource.kind}`, namespace, 'none, as such objects are not in a namespace');
  }
  const path = `${prefix}/namespaces/${encodeURIComponent(checkLabel('name of a namespace', namespace))}/${resource.plural}`;
  return asserted(path, `${prefix}/namespaces/`);
}

/** `pods`, `deployments.apps`: as kubectl and RBAC messages name a resource. */
export function resourceText(resource: Resource, subresource?: Subresource): string {
  const name = resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;
  return subresource === undefined ? name : `${name}/${subresource}`;
}

// Resources are constants, or come from discovery; each is looked at once.
const groupPaths = new WeakMap<Resource, string>();

function groupPath(resource: Resource): string {
  const known = groupPaths.get(resource);
  if (known !== undefined) return known;
  checkLabel('plural of a resource', resource.plural);
  if (!VERSION.test(resource.version)) throw badName('version of an API group', resource.version, 'v1, v1beta1, …');
  if (resource.group !== '') checkSubdomain('name of an API group', resource.group);
  const path = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  groupPaths.set(resource, path);
  return path;
}

/** The path must survive the normalisation every server and proxy does, below the prefix it was built under. */
function asserted(path: string, prefix: string): string {
  if (path.startsWith(prefix) && new URL(path, 'http://asserted').pathname === path) return path;
  throw badName('path of a request', path, `a path below ${prefix}`);
}
