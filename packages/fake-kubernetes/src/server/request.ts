import type { IncomingHttpHeaders } from 'node:http';
import type { User } from '../access/users.ts';
import type { Resource } from '../resources/resource.ts';
import type { Containers } from '../exec/containers.ts';
import type { PodLogs } from '../simulation/pod-logs.ts';
import type { History } from '../storage/history.ts';
import type { Store } from '../storage/store.ts';
import type { Watches } from '../watch/watches.ts';

/** What the operations work on. */
export interface Cluster {
  readonly store: Store;
  readonly history: History;
  readonly watches: Watches;
  readonly now: () => number;
  readonly logs: PodLogs;
  readonly containers: Containers;
  /** Whether the kubelet of a node answers: without it no log is read and no pod ends. */
  readonly nodeAnswers: (node: string) => boolean;
}

/** One request for a resource, authenticated and allowed. */
export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly user: User;
  readonly body: Buffer;
  readonly verb: string;
  readonly resource: Resource;
  readonly subresource: string;
  /** Empty for a cluster-scoped resource and for all namespaces. */
  readonly namespace: string;
  /** Empty for a collection. */
  readonly name: string;
}
