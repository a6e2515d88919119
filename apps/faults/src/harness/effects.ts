import type { FakeKubernetes, ReceivedRequest } from '@falco-talon/fake-kubernetes';

/** Side effects at the fake API server, counted as they happen: longer than its own journal is kept. */
export interface Effects {
  /** Names of the objects that were written to and are not as they were. */
  changed(): ReadonlySet<string>;
  /** Names of objects that were changed more than once. */
  twice(): readonly string[];
  /** Writes that were carried out although they changed nothing. */
  idle(): number;
}

interface Written {
  readonly namespace: string;
  /** Versions it was found in by each write: one that changes nothing leaves the version. */
  readonly versions: string[];
  readonly writes: ReceivedRequest[];
}

const WRITES = new Set(['create', 'update', 'patch', 'delete', 'apply']);

export function watchEffects(fake: FakeKubernetes, resource = 'pods'): Effects {
  const objects = new Map<string, Written>();
  const versionOf = (namespace: string, name: string) => {
    const metadata = fake.get(resource, namespace, name)?.metadata;
    return metadata ? `${metadata.uid} ${metadata.resourceVersion}` : 'none';
  };
  fake.fault({
    kind: 'latency',
    ms: 0,
    // Looks at each request before any fault strikes it, and strikes none.
    match(request) {
      if (!WRITES.has(request.verb) || request.resource !== resource) return false;
      const { namespace, name } = request;
      const written = objects.get(name) ?? { namespace, versions: [], writes: [] };
      objects.set(name, written);
      written.versions.push(versionOf(namespace, name));
      written.writes.push(request);
      return false;
    },
  });
  const changes = (name: string, { namespace, versions }: Written) =>
    new Set([...versions, versionOf(namespace, name)]).size - 1;
  const withChanges = (least: number) =>
    Array.from(objects).flatMap(([name, written]) => (changes(name, written) >= least ? [name] : []));
  return {
    changed: () => new Set(withChanges(1)),
    twice: () => withChanges(2),
    idle: () =>
      Array.from(objects).reduce((sum, [name, written]) => {
        const carriedOut = written.writes.filter(({ status }) => status >= 200 && status < 300).length;
        return sum + Math.max(0, carriedOut - changes(name, written));
      }, 0),
  };
}
