import type { ApiObject } from '../api-object.ts';
import { textAt } from '../json.ts';
import { PODS } from '../resources/core.ts';
import type { Cluster } from '../server/request.ts';

export interface Kubelet {
  /** A node that was silent answers again: its pods whose time is over end. */
  wake(node: string): void;
  /** Stops waiting for pods to end. */
  stop(): void;
}

/**
 * Ends pods when their grace is over, as the kubelet of their node does; on a node that does not answer they stay.
 * @param terminationDelay Milliseconds a pod takes at most, whatever its grace; absent: its grace.
 */
export function startKubelet(cluster: Cluster, terminationDelay: number | undefined): Kubelet {
  const timers = new Map<string, NodeJS.Timeout>();
  const forget = (uid: string): void => {
    clearTimeout(timers.get(uid));
    timers.delete(uid);
  };
  const end = (pod: ApiObject): void => {
    const { namespace = '', name, uid } = pod.metadata;
    timers.delete(uid);
    const current = cluster.store.get(PODS, namespace, name);
    if (current === undefined || current.metadata.uid !== uid) return;
    if (!cluster.nodeAnswers(textAt(current, 'spec', 'nodeName'))) return;
    const { finalizers = [] } = current.metadata;
    const metadata = { ...current.metadata, deletionGracePeriodSeconds: 0 };
    if (finalizers.length > 0) cluster.store.put(PODS, { ...current, metadata });
    else cluster.store.remove(PODS, { ...current, metadata });
  };
  cluster.store.onChange((change, resource, object) => {
    if (resource.kind !== 'Pod') return;
    const { uid, deletionTimestamp, deletionGracePeriodSeconds = 0 } = object.metadata;
    if (change === 'deleted' || deletionTimestamp === undefined) {
      forget(uid);
      return;
    }
    if (deletionGracePeriodSeconds === 0) return;
    forget(uid);
    const grace = deletionGracePeriodSeconds * 1000;
    timers.set(uid, setTimeout(end, Math.min(grace, terminationDelay ?? grace), object).unref());
  });
  return {
    wake(node) {
      for (const pod of cluster.store.list(PODS, '')) {
        const { uid, deletionTimestamp } = pod.metadata;
        if (deletionTimestamp !== undefined && !timers.has(uid) && textAt(pod, 'spec', 'nodeName') === node) end(pod);
      }
    },
    stop: () => {
      for (const uid of timers.keys()) forget(uid);
    },
  };
}
