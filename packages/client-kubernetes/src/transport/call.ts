import { setTimeout as pause } from 'node:timers/promises';
import type { MayAct, TalonError } from '@falco-talon/core';
import { answerError, kubernetesFailure, lostError } from '../failure.ts';
import type { Limits } from '../limits.ts';
import { exchange, type Answer, type Identity, type Lost, type Wire } from './exchange.ts';
import { hasEffect } from './has-effect.ts';

/** One call as its attempts send it, and as messages name it. */
export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Made by `objectPath` or `collectionPath`. */
  readonly path: string;
  /** With its `?`, encoded. */
  readonly query?: string;
  readonly body?: string;
  readonly contentType?: string;
  readonly accept?: string;
  readonly stream?: boolean;
  /** A GET that has an effect all the same, so that it is repeated as carefully as a write. */
  readonly effect?: boolean;
  readonly signal: AbortSignal;
  /** Asked immediately before a request with an effect is written; what it throws ends the call, and nothing is sent. */
  readonly mayAct?: MayAct;
  /** It only ends what the caller began. */
  readonly ends?: boolean | undefined;
  /** As RBAC names it. */
  readonly verb: string;
  readonly resource: string;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  /** What messages say it was to do, when verb and resource do not say it: `run a command in pod shop/cart`. */
  readonly intent?: string;
  /** A status besides success that the caller handles. */
  readonly expects?: number;
}

/** What calls go through: connections with the credentials of the moment. */
export interface Session {
  /** Undefined when the credentials should be looked at first. */
  readonly wire: () => Wire | undefined;
  /** Looks at them, for a short time at most. */
  freshWire(): Promise<Wire>;
  readonly closed: () => boolean;
  /** Aborted when the client is being closed. */
  readonly closing: AbortSignal;
  /** Reads the credentials again, because these were not accepted. True when there are others now. */
  renew(refused: Identity): Promise<boolean>;
  /** Of a fenced client. */
  readonly mayAct?: MayAct;
  readonly now: () => number;
}

/** Sends a call once. Never rejects. */
export type Attempt<A extends Answer> = (
  wire: Wire,
  call: Call,
  timeLimit: number,
  limits: Limits,
) => Promise<A | Lost>;

/** `performBy` over the kept-alive connections. */
export async function perform(session: Session, call: Call, limits: Limits): Promise<Answer> {
  return performBy(exchange, session, call, limits);
}

/**
 * Sends a call, and again where that is safe: a read after 429, 5xx or a lost connection; a write only when the server surely
 * did not act. Waits with full jitter; what the server asked for is never undercut.
 * @throws TalonError
 */
export async function performBy<A extends Answer>(
  send: Attempt<A>,
  session: Session,
  asked: Call,
  limits: Limits,
): Promise<A> {
  const call = session.mayAct && hasEffect(asked) ? { ...asked, mayAct: session.mayAct } : asked;
  const started = performance.now();
  let renewed = false;
  for (let attempt = 1; ; attempt++) {
    const wire = session.wire() ?? (await unlessAborted(session.freshWire(), call));
    if (session.closed()) throw lostError(call, { lost: 'closed', sent: false, text: 'the client is closed' });
    const outcome = await send(wire, call, limits.attemptTime, limits);
    const answer = 'status' in outcome ? outcome : undefined;
    if ('lost' in outcome && outcome.fence) throw outcome.fence.error;
    if (answer && ((answer.status >= 200 && answer.status < 300) || answer.status === call.expects)) return answer;

    const refused = answer ? answer.status === 401 : (outcome as Lost).lost === 'untrusted';
    if (refused && !renewed) {
      renewed = true;
      if (await unlessAborted(session.renew(outcome.identity ?? wire.identity), call)) continue;
    }
    const error = answer ? answerError(call, answer, session.now()) : lostError(call, outcome as Lost);
    const wait = mayRepeat(call, outcome, error) ? waitBefore(attempt, error, limits) : undefined;
    if (wait === undefined || performance.now() - started + wait > limits.callTime) throw error;
    await unlessAborted(pause(wait, undefined, { signal: call.signal }), call);
  }
}

function mayRepeat(call: Call, outcome: Answer | Lost, error: TalonError): boolean {
  if ('lost' in outcome) {
    if (outcome.lost !== 'network' && outcome.lost !== 'untrusted') return false;
    return !hasEffect(call) || !outcome.sent;
  }
  if (outcome.status === 429) return !heldByBudget(error);
  return !hasEffect(call) && outcome.status >= 500;
}

/** A PodDisruptionBudget's 429 lasts as long as the workload needs, not as long as the server is busy. */
function heldByBudget(error: TalonError): boolean {
  return kubernetesFailure(error)?.causes.some((cause) => cause.reason === 'DisruptionBudget') ?? false;
}

function waitBefore(attempt: number, error: TalonError, limits: Limits): number | undefined {
  if (attempt >= limits.attempts) return undefined;
  const asked = error.retryAfter ?? 0;
  if (asked > limits.longestRetryAfter) return undefined;
  const longest = Math.min(limits.longestBackoff, limits.firstBackoff * 2 ** (attempt - 1));
  return asked + Math.random() * longest;
}

/** @throws TalonError as soon as the call's signal is aborted */
export async function unlessAborted<T>(work: Promise<T>, call: Call): Promise<T> {
  const { signal } = call;
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(lostError(call, { lost: 'aborted', sent: false, text: 'aborted' }));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([aborted, work]);
  } finally {
    if (onAbort) signal.removeEventListener('abort', onAbort);
  }
}
