import type { Hang } from '../hang.ts';
import type { TestedCluster, TestedRequest } from './tested-cluster.ts';

/** Requests that change something: what a dry run must not send. */
export function writes({ requests }: Pick<TestedCluster, 'requests'>): number {
  return requests.filter(({ method }) => method !== 'GET').length;
}

/** The API server takes requests and answers none: for the suites that want to see a call given up. */
export function hanging(cluster: {
  clearRequests(): void;
  fault(input: { readonly kind: 'hang' }): { release(): void };
  waitForRequest(predicate: (request: TestedRequest) => boolean): Promise<unknown>;
}): Hang {
  cluster.clearRequests();
  const fault = cluster.fault({ kind: 'hang' });
  return { reached: cluster.waitForRequest(() => true), release: () => fault.release() };
}
