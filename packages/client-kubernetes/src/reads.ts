import type { Scope } from '@falco-talon/core';
import { lostError } from './failure.ts';
import type {
  CallOptions,
  Kubernetes,
  KubernetesObject,
  KubernetesReads,
  ListOptions,
  ObjectName,
  Resource,
} from './kubernetes.ts';
import { resourceText } from './path.ts';
import type { Call } from './transport/call.ts';

/** An event reads a handful of objects; what is beyond is read each time. */
const MOST_REMEMBERED = 200;

interface Read<T = unknown> {
  readonly result: Promise<T>;
  readonly stop: AbortController;
  readers: number;
}

/**
 * A view for one event. A read in flight is shared by all who ask for it, each with a signal of its own: it is stopped when
 * the last of them has left, or the event's own signal is aborted.
 */
export function createReads(client: Pick<Kubernetes, 'get' | 'list'>, scope: Scope): KubernetesReads {
  const remembered = new Map<string, Read>();

  function read<T>(named: ReadName, own: AbortSignal, fetch: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const key = JSON.stringify(named);
    const forget = (gone: Read) => {
      if (remembered.get(key) === gone) remembered.delete(key);
    };
    let shared = remembered.get(key) as Read<T> | undefined;
    if (!shared) {
      const stop = new AbortController();
      const begun: Read<T> = { result: fetch(AbortSignal.any([stop.signal, scope.signal])), stop, readers: 0 };
      begun.result.catch(() => forget(begun));
      if (remembered.size < MOST_REMEMBERED) remembered.set(key, begun);
      shared = begun;
    }
    return join(shared, named, own, forget);
  }

  return {
    get: <T extends KubernetesObject>(resource: Resource, object: ObjectName, { signal }: CallOptions) =>
      read({ verb: 'get', resource, ...object }, signal, (shared) =>
        client.get<T>(resource, object, { signal: shared }),
      ),
    list: <T extends KubernetesObject>(resource: Resource, { signal, ...options }: ListOptions) =>
      read({ verb: 'list', resource, ...options }, signal, (shared) =>
        client.list<T>(resource, { ...options, signal: shared }),
      ),
  };
}

/** Waits with the others. The last one to leave stops the read, and the next one who asks begins another. */
async function join<T>(
  shared: Read<T>,
  named: ReadName,
  own: AbortSignal,
  forget: (gone: Read<T>) => void,
): Promise<T> {
  shared.readers++;
  const left = Promise.withResolvers<never>();
  const onAbort = () => {
    left.reject(stopped(named, own));
    if (--shared.readers > 0) return;
    forget(shared);
    shared.stop.abort(own.reason);
  };
  if (own.aborted) onAbort();
  else own.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([left.promise, shared.result]);
  } finally {
    own.removeEventListener('abort', onAbort);
  }
}

interface ReadName {
  readonly verb: 'get' | 'list';
  readonly resource: Resource;
  readonly namespace?: string;
  readonly name?: string;
}

function stopped(read: ReadName, signal: AbortSignal) {
  const call: Call = {
    method: 'GET',
    path: '',
    verb: read.verb,
    resource: resourceText(read.resource),
    namespace: read.namespace,
    name: read.name,
    signal,
  };
  return lostError(call, { lost: 'aborted', sent: false, text: 'aborted' });
}
