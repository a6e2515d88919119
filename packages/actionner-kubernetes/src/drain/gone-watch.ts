import { asTalonError, type TalonError } from '@falco-talon/core';
import { PODS, type Kubernetes, type Snapshot } from '@falco-talon/client-kubernetes';
import type { Pod } from '../pod/pod.ts';

/** Which pods of a node have gone since it was listed. */
export interface GoneWatch {
  isGone(uid: string): boolean;
  /** Resolves when all are gone, with the error when the node cannot be watched any longer, or when `signal` aborts. */
  until(uids: readonly string[], signal: AbortSignal): Promise<TalonError | undefined>;
  close(): Promise<void>;
}

/** One watch for all pods of the node. A pod of the same name with another uid is another pod. */
export function watchGone(
  client: Pick<Kubernetes, 'watch'>,
  node: string,
  { objects, resourceVersion }: Snapshot<Pod>,
  signal: AbortSignal,
): GoneWatch {
  const gone = new Set<string>();
  const stop = new AbortController();
  const listeners = new Set<() => void>();
  let lost: TalonError | undefined;

  async function follow(): Promise<void> {
    const events = client.watch<Pod>(PODS, {
      fieldSelector: `spec.nodeName=${node}`,
      resourceVersion,
      known: objects,
      signal: AbortSignal.any([signal, stop.signal]),
    });
    try {
      for await (const { type, object } of events) {
        if (type !== 'deleted') continue;
        gone.add(object.metadata.uid);
        for (const listener of listeners) listener();
      }
    } catch (error) {
      lost = asTalonError(error);
      for (const listener of listeners) listener();
    }
  }
  const following = follow();

  return {
    isGone: (uid) => gone.has(uid),
    until(uids, until) {
      return new Promise((resolve) => {
        const look = (): void => {
          const done = lost !== undefined || until.aborted || uids.every((uid) => gone.has(uid));
          if (!done) return;
          listeners.delete(look);
          until.removeEventListener('abort', look);
          resolve(until.aborted ? undefined : lost);
        };
        listeners.add(look);
        until.addEventListener('abort', look);
        look();
      });
    },
    async close() {
      stop.abort();
      await following;
    },
  };
}
