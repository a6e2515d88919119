/** What the path of a request to the API server tells: https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris */
export interface AuditPath {
  /** Empty for the core group. */
  readonly group: string;
  readonly plural: string;
  readonly namespace: string | undefined;
  /** Absent when the request was to a collection, as a creation is. */
  readonly name: string | undefined;
}

/** Below a namespace itself, not kinds of objects in it. */
const NAMESPACE_SUBRESOURCES = ['status', 'finalize'];

/** Undefined when it is not the path of a resource. Whoever made the request chose it, so nothing in it is to be believed. */
export function parseAuditPath(uri: string): AuditPath | undefined {
  const segments = segmentsOf(uri);
  if (segments === undefined) return undefined;
  const [root, ...rest] = segments;
  if (root !== 'api' && root !== 'apis') return undefined;
  const group = root === 'api' ? '' : (rest.shift() ?? '');
  const version = rest.shift();
  if (version === undefined || (root === 'apis' && group === '')) return undefined;
  if (rest[0] === 'watch') rest.shift(); // the deprecated way to watch
  const [plural, name, inner] = rest;
  if (plural === undefined) return undefined;
  if (plural === 'namespaces' && inner !== undefined && !NAMESPACE_SUBRESOURCES.includes(inner)) {
    return { group, plural: inner, namespace: name, name: rest[3] };
  }
  return { group, plural, namespace: undefined, name };
}

function segmentsOf(uri: string): readonly string[] | undefined {
  const path = uri.split(/[?#]/, 1)[0] ?? '';
  if (!path.startsWith('/')) return undefined;
  try {
    const segments = path
      .replace(/\/$/, '')
      .slice(1)
      .split('/')
      .map((segment) => decodeURIComponent(segment));
    return segments.some((segment) => /^\.{0,2}$|\//.test(segment)) ? undefined : segments;
  } catch {
    return undefined; // a broken percent encoding
  }
}
