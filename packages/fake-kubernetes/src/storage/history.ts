import type { ApiObject } from '../api-object.ts';
import type { Resource } from '../resources/resource.ts';
import { qualifiedPlural } from '../resources/resource.ts';
import type { Change, Store } from './store.ts';

/** One change, with the object as it was before: selectors are asked about both. */
export interface HistoryEntry {
  readonly version: number;
  readonly change: Change;
  /** The kind it is stored as. */
  readonly resource: Resource;
  readonly object: ApiObject;
  readonly before: ApiObject | undefined;
}

/** What etcd keeps for watches: the changes since the last compaction. */
export interface History {
  /** Watches from an older version are refused. */
  readonly oldest: number;
  /** In order. */
  since(version: number): readonly HistoryEntry[];
  /** Forgets all there is. */
  compact(): void;
  /** The function given back ends it. */
  onEntry(listener: (entry: HistoryEntry) => void): () => void;
}

const KEPT = 20_000;

/** Has to be made before anything is stored. */
export function createHistory(store: Store): History {
  const last = new Map<string, ApiObject>();
  const listeners = new Set<(entry: HistoryEntry) => void>();
  let entries: HistoryEntry[] = [];
  let oldest = store.version;
  store.onChange((change, resource, object) => {
    const { namespace = '', name, resourceVersion } = object.metadata;
    const key = `${qualifiedPlural(resource)}/${namespace}/${name}`;
    const entry = { version: Number(resourceVersion), change, resource, object, before: last.get(key) };
    if (change === 'deleted') last.delete(key);
    else last.set(key, object);
    entries.push(entry);
    if (entries.length > 2 * KEPT) {
      entries = entries.slice(-KEPT);
      oldest = (entries[0]?.version ?? 1) - 1;
    }
    for (const listener of listeners) listener(entry);
  });
  return {
    get oldest() {
      return oldest;
    },
    since: (version) => entries.filter((entry) => entry.version > version),
    compact() {
      entries = [];
      oldest = store.version;
    },
    onEntry(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
