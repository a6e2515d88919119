import type { Scope } from '@falco-talon/core';
import { lostError } from './failure.ts';
import type {
  CallOptions,
  KubernetesObject,
  KubernetesReads,
  ListOptions,
  ObjectName,
  Resource,
} from './kubernetes.ts';
import { resourceText } from './path.ts';
import { joinRead, shareRead, type SharedRead } from './shared-read.ts';
import type { Call } from './transport/call.ts';

/** An event reads a handful of objects; what is beyond is read each time. */
const MOST_REMEMBERED = 200;

/**
 * A view for one event. A read in flight is shared by all who ask for it, each with a signal of its own: it is stopped when
 * the last of them has left, or the event's own signal is aborted.
 */
export function createReads(client: KubernetesReads, scope: Scope): KubernetesReads {
  const remembered = new Map<string, SharedRead>();

  function read<T>(named: ReadName, own: AbortSignal, fetch: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const key = JSON.stringify(named);
    const forget = (gone: SharedRead) => {
      if (remembered.get(key) === gone) remembered.delete(key);
    };
    let shared = remembered.get(key) as SharedRead<T> | undefined;
    if (!shared) {
      const begun = shareRead(fetch, scope.signal);
      begun.result.catch(() => forget(begun));
      if (remembered.size < MOST_REMEMBERED) remembered.set(key, begun);
      shared = begun;
    }
    return joinRead(shared, own, () => stopped(named, own), forget);
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
    // What the cluster serves is remembered for all events.
    resources: client.resources,
    ownNamespace: client.ownNamespace,
    refuseProtected: (resource, object) => client.refuseProtected(resource, object),
  };
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
