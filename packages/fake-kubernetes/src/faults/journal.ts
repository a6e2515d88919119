/** One request as it arrived. */
export interface ReceivedRequest {
  /** Counts from 1, in the order of arrival. */
  readonly id: number;
  /** Which TLS connection it came over; counts from 1. */
  readonly connection: number;
  readonly method: string;
  /** As sent, still encoded, without the query. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** Of an exec: program and arguments. */
  readonly command?: readonly string[];
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Empty when the request was not authenticated. */
  readonly user: string;
  /** Empty for a path that is not about a resource. */
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** Parsed when it is JSON, else the text; `undefined` without a body. */
  readonly body: unknown;
  /** The status answered; 0 while there is none, and for ever when the connection was cut. */
  status: number;
}

export type RequestPredicate = (request: ReceivedRequest) => boolean;

export interface Journal {
  readonly requests: readonly ReceivedRequest[];
  add(request: ReceivedRequest): void;
  clear(): void;
  /**
   * The first request that fits, of those already here or still to come.
   * @throws Error naming what came instead, when none came in time
   */
  waitFor(predicate: RequestPredicate, timeoutMs: number): Promise<ReceivedRequest>;
}

interface Waiting {
  readonly predicate: RequestPredicate;
  readonly found: (request: ReceivedRequest) => void;
}

/** @param limit How many requests are kept; the oldest go first. */
export function createJournal(limit: number): Journal {
  let requests: ReceivedRequest[] = [];
  const waiting = new Set<Waiting>();
  return {
    get requests() {
      return requests;
    },
    add(request) {
      requests.push(request);
      if (requests.length > limit * 2) requests = requests.slice(-limit);
      for (const one of waiting) {
        if (!one.predicate(request)) continue;
        waiting.delete(one);
        one.found(request);
      }
    },
    clear() {
      requests = [];
    },
    waitFor(predicate, timeoutMs) {
      const here = requests.find(predicate);
      if (here !== undefined) return Promise.resolve(here);
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(one);
          const seen = requests.slice(-20).map(({ method, path }) => `${method} ${path}`);
          reject(new Error(`no such request within ${timeoutMs} ms; received: ${seen.join(', ') || 'none'}`));
        }, timeoutMs);
        const one: Waiting = {
          predicate,
          found: (request) => {
            clearTimeout(timer);
            resolve(request);
          },
        };
        waiting.add(one);
      });
    },
  };
}
