import { randomUUID } from 'node:crypto';
import type { ApiObject } from '../api-object.ts';
import { canonical } from '../resources/canonical.ts';
import type { Resource } from '../resources/resource.ts';
import { qualifiedPlural, storedAs } from '../resources/resource.ts';

export type Change = 'added' | 'modified' | 'deleted';
export type ChangeListener = (change: Change, resource: Resource, object: ApiObject) => void;

/** What etcd is to the real server: objects by key, one counter of versions, nothing validated. */
export interface Store {
  get(resource: Resource, namespace: string, name: string): ApiObject | undefined;
  /** In the order of their keys; `namespace` empty means all namespaces. */
  list(resource: Resource, namespace: string): readonly ApiObject[];
  /** Stores the object under a new resourceVersion and gives it back. */
  put(resource: Resource, object: ApiObject): ApiObject;
  /** Removes the object; the one given back carries the version of its removal. */
  remove(resource: Resource, object: ApiObject): ApiObject;
  readonly version: number;
  newUid(): string;
  /** The function given back ends it. */
  onChange(listener: ChangeListener): () => void;
}

function keyOf(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

export function createStore(): Store {
  const tables = new Map<string, Map<string, ApiObject>>();
  const listeners = new Set<ChangeListener>();
  let version = 1000;

  const table = (resource: Resource): Map<string, ApiObject> => {
    const id = qualifiedPlural(storedAs(resource));
    const existing = tables.get(id);
    if (existing !== undefined) return existing;
    const created = new Map<string, ApiObject>();
    tables.set(id, created);
    return created;
  };
  const notify: ChangeListener = (change, resource, object) => {
    for (const listener of listeners) listener(change, resource, object);
  };
  const versioned = (resource: Resource, object: ApiObject): ApiObject =>
    canonical(storedAs(resource), {
      ...object,
      metadata: { ...object.metadata, resourceVersion: String(++version) },
    });
  const shown = (resource: Resource, stored: ApiObject): ApiObject =>
    resource.storage === undefined ? stored : canonical(resource, stored);

  return {
    get(resource, namespace, name) {
      const stored = table(resource).get(keyOf(namespace, name));
      return stored === undefined ? undefined : shown(resource, stored);
    },
    list(resource, namespace) {
      const found: ApiObject[] = [];
      for (const object of table(resource).values()) {
        if (namespace === '' || object.metadata.namespace === namespace) found.push(shown(resource, object));
      }
      const sortKey = (object: ApiObject): string => keyOf(object.metadata.namespace ?? '', object.metadata.name);
      return found.toSorted((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
    },
    put(resource, object) {
      const key = keyOf(object.metadata.namespace ?? '', object.metadata.name);
      const change = table(resource).has(key) ? 'modified' : 'added';
      const stored = versioned(resource, object);
      table(resource).set(key, stored);
      notify(change, storedAs(resource), stored);
      return shown(resource, stored);
    },
    remove(resource, object) {
      table(resource).delete(keyOf(object.metadata.namespace ?? '', object.metadata.name));
      const last = versioned(resource, object);
      notify('deleted', storedAs(resource), last);
      return shown(resource, last);
    },
    get version() {
      return version;
    },
    newUid: () => randomUUID(),
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
