import type { FakeKubernetes, ReceivedRequest } from '@falco-talon/fake-kubernetes';
import type { Sender } from './sender.ts';
import { until } from './until.ts';

/** When which request arrived at the fake API server, by `performance.now`. */
export interface RequestTimes {
  /** By the name of the object, in the order of arrival. */
  readonly byObject: ReadonlyMap<string, readonly Arrival[]>;
  /** Requests that were being answered at once, at most. */
  readonly mostInFlight: number;
  /** Milliseconds between two requests about the same object that arrived since `from`. */
  gaps(from?: number, until?: number): readonly number[];
}

export interface Arrival {
  readonly at: number;
  readonly request: ReceivedRequest;
  /** Whether another request about the same object had no answer yet. */
  readonly overlaps: boolean;
}

/** Milliseconds until all alerts must have been acted on. */
const LIMIT = 60_000;

/** Only requests about the objects of a resource count, `pods` by default. */
export function watchRequests(fake: FakeKubernetes, resource = 'pods'): RequestTimes {
  const byObject = new Map<string, Arrival[]>();
  let open: ReceivedRequest[] = [];
  let mostInFlight = 0;
  fake.fault({
    kind: 'latency',
    ms: 0,
    // Looks at each request before any fault strikes it, and strikes none.
    match(request) {
      if (request.resource !== resource || request.name === '') return false;
      const arrivals = byObject.get(request.name) ?? [];
      byObject.set(request.name, arrivals);
      open = open.filter(({ status }) => status === 0);
      const overlaps = open.some(({ namespace, name }) => name === request.name && namespace === request.namespace);
      arrivals.push({ at: performance.now(), request, overlaps });
      open.push(request);
      mostInFlight = Math.max(mostInFlight, open.length);
      return false;
    },
  });
  return {
    byObject,
    get mostInFlight() {
      return mostInFlight;
    },
    gaps(from = -Infinity, until = Infinity) {
      return [...byObject.values()].flatMap((arrivals) => {
        const times = arrivals.map(({ at }) => at).filter((at) => at >= from && at < until);
        return times.slice(1).map((at, n) => at - (times[n] ?? at));
      });
    },
  };
}

/**
 * Milliseconds from each alert that was accepted, about a pod of its own, to the first call about that pod, once there is one for
 * each; infinite where there is none in time.
 */
export async function firstCalls(
  { byObject }: RequestTimes,
  sender: Pick<Sender, 'sent' | 'done'>,
  signal: AbortSignal,
  limit = LIMIT,
): Promise<readonly number[]> {
  await sender.done;
  const accepted = sender.sent.filter(({ outcome }) => outcome === 'accepted');
  const callOf = (n: number) => byObject.get(`pod-${n}`)?.[0]?.at ?? Infinity;
  const inTime = AbortSignal.any([signal, AbortSignal.timeout(limit)]);
  await until(() => accepted.every(({ n }) => callOf(n) < Infinity), inTime).catch(() => signal.throwIfAborted());
  return accepted.map(({ n, at }) => callOf(n) - at);
}
