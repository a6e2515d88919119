import type { Answer } from '../server/answer.ts';
import { statusAnswer } from '../server/answer.ts';
import type { ReceivedRequest } from './journal.ts';

/** Every field given has to fit; a regular expression is tried on the path as it was sent. */
export interface RequestMatch {
  readonly method?: string;
  readonly path?: string | RegExp;
  readonly verb?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly user?: string;
}

export type FaultKind =
  /** Answered as usual, after so many milliseconds. */
  | { readonly kind: 'latency'; readonly ms: number }
  /** Never answered; the connection stays open until the client or `close()` ends it. */
  | { readonly kind: 'hang' }
  /** Answered with this status instead of being handled. */
  | {
      readonly kind: 'status';
      readonly status: number;
      /** Seconds, as `Retry-After` and as `details.retryAfterSeconds`. */
      readonly retryAfter?: number;
      readonly message?: string;
      readonly reason?: string;
    }
  /** The connection is reset and nothing was done. */
  | { readonly kind: 'reset' }
  /** The request is carried out, then the connection is reset: the client cannot know. */
  | { readonly kind: 'lost-answer' }
  /** The request is carried out and never answered; the connection stays open. */
  | { readonly kind: 'no-answer' }
  /** Answered as usual; then the object it named is gone without a trace, so that the next request gets 404. */
  | { readonly kind: 'vanish' }
  /** Waits before it is handled until the test calls `release()`. */
  | { readonly kind: 'hold' };

export type FaultInput = FaultKind & {
  readonly match?: RequestMatch | ((request: ReceivedRequest) => boolean);
  /** How many requests it strikes; default all. */
  readonly times?: number;
  /** How many fitting requests are spared first; default none. */
  readonly skip?: number;
};

export interface FaultHandle {
  /** How many requests it has struck so far. */
  readonly count: number;
  /** Lets the requests that are held go on, and ends the fault. */
  release(): void;
}

export interface Strike {
  readonly fault: FaultKind;
  /** Resolves when the fault is released. */
  readonly released: Promise<void>;
}

export interface Faults {
  add(input: FaultInput): FaultHandle;
  /** The faults that strike this request, in the order they were added. */
  strike(request: ReceivedRequest): readonly Strike[];
  releaseAll(): void;
}

function fits(match: FaultInput['match'], request: ReceivedRequest): boolean {
  if (match === undefined) return true;
  if (typeof match === 'function') return match(request);
  return Object.entries(match).every(([field, wanted]) => {
    const value = request[field as keyof RequestMatch];
    return wanted instanceof RegExp ? wanted.test(value) : value === wanted;
  });
}

/** After one of these there is nothing left for a later fault to do: faults can be queued up. */
const ENDS: readonly FaultKind['kind'][] = ['status', 'hang', 'reset'];

export function createFaults(): Faults {
  interface Active {
    readonly input: FaultInput;
    readonly released: Promise<void>;
    readonly release: () => void;
    seen: number;
    count: number;
  }
  const active = new Set<Active>();
  return {
    add(input) {
      const gate = Promise.withResolvers<void>();
      const one: Active = { input, released: gate.promise, release: gate.resolve, seen: 0, count: 0 };
      active.add(one);
      return {
        get count() {
          return one.count;
        },
        release() {
          active.delete(one);
          one.release();
        },
      };
    },
    strike(request) {
      const strikes: Strike[] = [];
      for (const one of active) {
        const { input } = one;
        if (!fits(input.match, request)) continue;
        one.seen += 1;
        if (one.seen <= (input.skip ?? 0) || one.count >= (input.times ?? Infinity)) continue;
        one.count += 1;
        strikes.push({ fault: input, released: one.released });
        if (ENDS.includes(input.kind)) break;
      }
      return strikes;
    },
    releaseAll() {
      for (const one of active) one.release();
      active.clear();
    },
  };
}

const USUAL: Readonly<Record<number, { readonly reason?: string; readonly message: string }>> = {
  429: {
    reason: 'TooManyRequests',
    message: 'the server has received too many requests and has asked us to try again later',
  },
  500: { reason: 'InternalError', message: 'Internal error occurred: etcdserver: request timed out' },
  503: { reason: 'ServiceUnavailable', message: 'the server is currently unable to handle the request' },
  504: { reason: 'Timeout', message: 'Timeout: request did not complete within the allotted timeout' },
};

export function faultAnswer(fault: FaultKind & { readonly kind: 'status' }): Answer {
  const usual = USUAL[fault.status] ?? { message: `injected status ${fault.status}` };
  const reason = fault.reason ?? usual.reason;
  return statusAnswer({
    code: fault.status,
    message: fault.message ?? usual.message,
    ...(reason === undefined ? {} : { reason }),
    ...(fault.retryAfter === undefined
      ? {}
      : { details: { retryAfterSeconds: fault.retryAfter }, headers: { 'retry-after': String(fault.retryAfter) } }),
  });
}
