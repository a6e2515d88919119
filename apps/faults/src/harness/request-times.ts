import type { FakeKubernetes, ReceivedRequest } from '@falco-talon/fake-kubernetes';

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
}

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
      arrivals.push({ at: performance.now(), request });
      open = open.filter(({ status }) => status === 0);
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
