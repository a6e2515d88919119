import type { KubernetesObject, WatchEvent } from '../kubernetes.ts';

/** What the watcher was told there is: the base for what a later list says has changed. */
export interface Known<T> {
  /** The event as it is to those who know what was told before. */
  note(event: WatchEvent<T>): void;
  /** The changes that lead from what is known to what a list shows, what vanished first. */
  changesTo(listed: readonly T[]): readonly WatchEvent<T>[];
  readonly size: number;
}

export function createKnown<T extends KubernetesObject>(objects: readonly T[]): Known<T> {
  const known = new Map<string, T>();
  for (const object of objects) known.set(keyOf(object), object);
  return {
    note({ type, object }) {
      if (type === 'deleted') known.delete(keyOf(object));
      else known.set(keyOf(object), object);
    },
    changesTo(listed) {
      const gone = new Map(known);
      const changes: WatchEvent<T>[] = [];
      for (const object of listed) {
        const before = known.get(keyOf(object));
        const same = before !== undefined && before.metadata.uid === object.metadata.uid;
        if (same) gone.delete(keyOf(object));
        if (same && before.metadata.resourceVersion === object.metadata.resourceVersion) continue;
        changes.push({ type: same ? 'modified' : 'added', object });
      }
      return [...gone.values()].map((object): WatchEvent<T> => ({ type: 'deleted', object })).concat(changes);
    },
    get size() {
      return known.size;
    },
  };
}

function keyOf({ metadata }: KubernetesObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}
