import { isTalonError, TalonError, type ErrorCode } from '@falco-talon/core';
import type { KubernetesFailure } from './kubernetes.ts';
import type { Answer, Lost } from './transport/exchange.ts';
import type { Call } from './transport/call.ts';
import { hasEffect } from './transport/has-effect.ts';
import { retryAfter } from './transport/retry-after.ts';
import { explainStatus, shortText, type Status } from './status.ts';

/** The error for an answer that is not a success. `now` dates a Retry-After that is given as a time. */
export function answerError(call: Call, answer: Answer, now: number): TalonError {
  const status = explainStatus(answer);
  const failure = failureOf(call, answer.status, status.reason, status.message, status.causes);
  const { code, retryable } = classify(call, answer, status);
  const wait = retryAfter(answer.headers['retry-after'], status.retryAfterSeconds, now);
  return new TalonError(code, wording(call, code, status.message), {
    cause: failure,
    retryable,
    ...(wait === undefined ? {} : { retryAfter: wait }),
    ...(code === 'forbidden' && { about: `${missingVerb(status.message) ?? call.verb} ${call.resource}` }),
  });
}

function classify(call: Call, answer: Answer, status: Status): { code: ErrorCode; retryable: boolean } {
  const final = (code: ErrorCode) => ({ code, retryable: false });
  const passing = (code: ErrorCode) => ({ code, retryable: true });
  switch (answer.status) {
    case 401:
      return final('unauthorized');
    case 403:
      return final('forbidden');
    case 404:
      // Without an object in the answer it is the kind that is not served: a custom resource that is not installed.
      return final(status.namesObject || !call.resource ? 'target_gone' : 'unsupported');
    case 408:
      return passing('timeout');
    case 409:
      return { code: 'conflict', retryable: conflictMayPass(status) };
    case 410:
      return passing('rejected');
    case 413:
      return final('too_large');
    case 429:
      return passing('throttled');
  }
  if (answer.status >= 500) {
    // A gateway that gave up waiting does not know what the server behind it did.
    const unknown = hasEffect(call) && (answer.status === 502 || answer.status === 504);
    return passing(unknown ? 'outcome_unknown' : 'unavailable');
  }
  return final(answer.status >= 400 ? 'rejected' : 'unavailable');
}

/** The same request again meets the same conflict when another object or another field manager is in the way. */
function conflictMayPass(status: Status): boolean {
  if (status.reason !== 'Conflict') return false;
  if (status.causes.some((cause) => cause.reason === 'FieldManagerConflict')) return false;
  return !/\bUID in the precondition\b/.test(status.message);
}

function wording(call: Call, code: ErrorCode, message: string): string {
  switch (code) {
    case 'forbidden':
      return `not allowed to ${named({ ...call, verb: missingVerb(message) ?? call.verb })}: ${message}`;
    case 'unauthorized':
      return `the API server does not accept the credentials, so it cannot ${what(call)}: ${message}`;
    case 'unsupported':
      return `the cluster does not serve ${call.resource}, so it cannot ${what(call)}: ${message}`;
    default:
      return `cannot ${what(call)}: ${message}`;
  }
}

/** The verb RBAC missed, which is not always that of the call: an apply that would create the object wants `create` too. */
function missingVerb(message: string): string | undefined {
  return / is forbidden: User "[^"]*" cannot ([a-z]+) resource "/.exec(message)?.[1];
}

/** The error for a call that got no whole answer. */
export function lostError(call: Call, lost: Lost): TalonError {
  const reason = shortText(lost.text);
  const cause = failureOf(call, 0, LOST_REASONS[lost.lost], reason, []);
  const write = hasEffect(call);
  switch (lost.lost) {
    case 'aborted': {
      const code = abortCode(call.signal.reason);
      const sent = write && lost.sent ? '; the request had been sent and may have had its effect' : '';
      return new TalonError(code, `stopped while trying to ${what(call)}${sent}`, { cause, retryable: true });
    }
    case 'closed':
      return new TalonError('aborted', `cannot ${what(call)}: ${reason}`, { cause, retryable: true });
    case 'too_large':
      if (write) break; // it was sent: only what the server says of it is missing
      return new TalonError('too_large', `cannot ${what(call)}: ${reason}`, { cause });
    case 'busy':
      return new TalonError('throttled', `cannot ${what(call)}: ${reason}`, { cause, retryable: true });
  }
  if (write && lost.sent) {
    const message = `sent, but no answer came to ${what(call)}, so it may have had its effect: ${reason}`;
    return new TalonError('outcome_unknown', message, { cause, retryable: true });
  }
  const code = lost.lost === 'timeout' ? 'timeout' : 'unavailable';
  return new TalonError(code, `cannot ${what(call)}: ${reason}`, { cause, retryable: true });
}

const LOST_REASONS: Readonly<Record<Lost['lost'], string>> = {
  aborted: 'Aborted',
  timeout: 'NoAnswer',
  network: 'ConnectionFailed',
  untrusted: 'CertificateNotTrusted',
  too_large: 'AnswerTooLarge',
  busy: 'TooManyCalls',
  closed: 'ClientClosed',
};

/** A success whose body is not what the API server sends; a proxy's page, for example. */
export function unreadableError(call: Call, answer: Answer, problem: string): TalonError {
  const cause = failureOf(call, answer.status, 'UnreadableAnswer', problem, []);
  const code = hasEffect(call) ? 'outcome_unknown' : 'unavailable';
  const message = `cannot ${what(call)}: ${problem}; is the server address that of a Kubernetes API server?`;
  return new TalonError(code, message, { cause, retryable: true });
}

export function tooManyObjects(call: Call, most: number): TalonError {
  return tooLargeError(call, `more than ${most} objects; use a selector or a namespace`, 'TooManyObjects');
}

export function tooLargeError(call: Call, problem: string, reason = 'AnswerTooLarge'): TalonError {
  const cause = failureOf(call, 200, reason, problem, []);
  return new TalonError('too_large', `cannot ${what(call)}: ${problem}`, { cause });
}

/** The signal was aborted by a time limit when its reason says so. */
function abortCode(reason: unknown): 'timeout' | 'aborted' {
  if (isTalonError(reason)) return reason.code === 'timeout' ? 'timeout' : 'aborted';
  return reason instanceof Error && reason.name === 'TimeoutError' ? 'timeout' : 'aborted';
}

function what(call: Call): string {
  return call.intent ?? named(call);
}

/** `delete pods shop/cart-1`, `list pods in namespace shop`. */
function named(call: Call): string {
  if (call.name === undefined) {
    return `${call.verb} ${call.resource}${call.namespace === undefined ? '' : ` in namespace ${call.namespace}`}`;
  }
  return `${call.verb} ${call.resource} ${call.namespace === undefined ? '' : `${call.namespace}/`}${call.name}`;
}

export function failureOf(
  call: Call,
  status: number,
  reason: string,
  message: string,
  causes: KubernetesFailure['causes'],
): KubernetesFailure {
  return { kind: 'kubernetes-failure', method: call.method, path: call.path, status, reason, message, causes };
}

/** What the API server said, when `error` comes from this client. */
export function kubernetesFailure(error: unknown): KubernetesFailure | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  const isFailure =
    typeof cause === 'object' && cause !== null && (cause as { kind?: unknown }).kind === 'kubernetes-failure';
  return isFailure ? (cause as KubernetesFailure) : undefined;
}
