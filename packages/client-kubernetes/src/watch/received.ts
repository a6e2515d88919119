import type { KubernetesObject } from '../kubernetes.ts';

/** One line of a watch. */
export type Received<T> =
  | { readonly type: 'added' | 'modified' | 'deleted'; readonly object: T }
  /** The watch has come as far as this version, whatever it selects. */
  | { readonly type: 'bookmark'; readonly version: string }
  /** A Status, and the watch is over. */
  | { readonly type: 'error'; readonly status: number; readonly body: Buffer };

const CHANGES = new Map<unknown, 'added' | 'modified' | 'deleted'>([
  ['ADDED', 'added'],
  ['MODIFIED', 'modified'],
  ['DELETED', 'deleted'],
]);

/** `undefined` when the line is nothing an API server sends. */
export function readLine<T extends KubernetesObject>(line: string): Received<T> | undefined {
  let event: { readonly type?: unknown; readonly object?: unknown } | null;
  try {
    event = JSON.parse(line) as typeof event;
  } catch {
    return undefined;
  }
  const object = event?.object as (T & { readonly code?: unknown }) | null | undefined;
  if (typeof object !== 'object' || object === null) return undefined;
  if (event?.type === 'ERROR') {
    const status = typeof object.code === 'number' && object.code >= 400 && object.code < 600 ? object.code : 500;
    const body = bytesOf(object);
    return body && { type: 'error', status, body };
  }
  const version: unknown = object.metadata?.resourceVersion;
  if (typeof version !== 'string') return undefined;
  if (event?.type === 'BOOKMARK') return { type: 'bookmark', version };
  const type = CHANGES.get(event?.type);
  const named = typeof object.metadata.name === 'string' && typeof object.metadata.uid === 'string';
  return type === undefined || !named ? undefined : { type, object };
}

/** Undefined for what is nested deeper than it can be written again. */
function bytesOf(object: object): Buffer | undefined {
  try {
    return Buffer.from(JSON.stringify(object));
  } catch {
    return undefined;
  }
}
