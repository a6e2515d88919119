import type { Scope } from '@falco-talon/core';
import type { Kubernetes, KubernetesObject, KubernetesReads, ListOptions, ObjectName, Resource } from './kubernetes.ts';
import { lostError } from './failure.ts';
import { resourceText } from './path.ts';

/** An event reads a handful of objects; what is beyond is read each time. */
const MOST_REMEMBERED = 200;

interface Read {
  readonly result: Promise<unknown>;
  readonly stop: AbortController;
  readers: number;
}

/**
 * A view for one event. A read in flight is shared by all who ask for it, each with a signal of its own: it is stopped when
 * the last of them has left, or the event's own signal is aborted.
 */
export function createReads(client: Pick<Kubernetes, 'get' | 'list'>, scope: Scope): KubernetesReads {
  const remembered = new Map<string, Read>();

  function read<T>(key: string, signal: AbortSignal, name: ReadName, fetch: (signal: AbortSignal) => Promise<T>) {
    const known = remembered.get(key);
    if (known) return share(known, signal, name) as Promise<T>;
    const stop = new AbortController();
    const result = fetch(AbortSignal.any([stop.signal, scope.signal]));
    const started: Read = { result, stop, readers: 0 };
    if (remembered.size < MOST_REMEMBERED) remembered.set(key, started);
    result.catch(() => {
      if (remembered.get(key) === started) remembered.delete(key);
    });
    return share(started, signal, name) as Promise<T>;

    async function share(shared: Read, own: AbortSignal, called: ReadName): Promise<unknown> {
      shared.readers++;
      const left = Promise.withResolvers<never>();
      const onAbort = () => {
        left.reject(stopped(called, own));
        // Nobody waits any more, and the next one who asks must not get this aborted read.
        if (--shared.readers === 0) {
          if (remembered.get(key) === shared) remembered.delete(key);
          shared.stop.abort(own.reason);
        }
      };
      if (own.aborted) onAbort();
      else own.addEventListener('abort', onAbort, { once: true });
      try {
        return await Promise.race([left.promise, shared.result]);
      } finally {
        own.removeEventListener('abort', onAbort);
      }
    }
  }

  return {
    get: <T extends KubernetesObject>(resource: Resource, name: ObjectName, { signal }: { signal: AbortSignal }) =>
      read(
        JSON.stringify(['get', resource.group, resource.version, resource.plural, name.namespace, name.name]),
        signal,
        { verb: 'get', resource, namespace: name.namespace, name: name.name },
        (shared) => client.get<T>(resource, name, { signal: shared }),
      ),
    list: <T extends KubernetesObject>(resource: Resource, { signal, ...options }: ListOptions) =>
      read(
        JSON.stringify([
          'list',
          resource.group,
          resource.version,
          resource.plural,
          options.namespace,
          options.labelSelector,
          options.fieldSelector,
        ]),
        signal,
        { verb: 'list', resource, namespace: options.namespace },
        (shared) => client.list<T>(resource, { ...options, signal: shared }),
      ),
  };
}

interface ReadName {
  readonly verb: string;
  readonly resource: Resource;
  readonly namespace: string | undefined;
  readonly name?: string;
}

function stopped(read: ReadName, signal: AbortSignal) {
  const call = { ...read, method: 'GET' as const, path: '', resource: resourceText(read.resource), signal };
  return lostError(call, { lost: 'aborted', sent: false, text: 'aborted' });
}
