import type { ApiObject, FakeKubernetes, ReceivedRequest } from '@falco-talon/fake-kubernetes';

/** Side effects at the fake API server, counted as they happen: longer than its own journal is kept. */
export interface Effects {
  /** Writes that changed something, by the name of the object. */
  readonly changes: ReadonlyMap<string, number>;
  /** Writes that found everything as wanted already, by the name of the object. */
  readonly idle: ReadonlyMap<string, number>;
  /** Names of objects that were changed more than once. */
  twice(): readonly string[];
}

const WRITES = new Set(['create', 'update', 'patch', 'delete', 'apply']);

/**
 * @param isDone whether an object is as the action wants it; a deleted one is `undefined`. A write about one that is changes
 *   nothing.
 */
export function watchEffects(
  fake: FakeKubernetes,
  isDone: (object: ApiObject | undefined) => boolean,
  counts: (request: ReceivedRequest) => boolean = ({ resource }) => resource === 'pods',
): Effects {
  const changes = new Map<string, number>();
  const idle = new Map<string, number>();
  fake.fault({
    kind: 'latency',
    ms: 0,
    // Looks at each request before any fault strikes it, and strikes none.
    match(request) {
      if (!WRITES.has(request.verb) || !counts(request)) return false;
      const { resource, namespace, name } = request;
      const found = isDone(fake.get(resource, namespace, name)) ? idle : changes;
      found.set(name, (found.get(name) ?? 0) + 1);
      return false;
    },
  });
  return {
    changes,
    idle,
    twice: () => Array.from(changes).flatMap(([name, count]) => (count > 1 ? [name] : [])),
  };
}
