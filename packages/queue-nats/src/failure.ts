import { errorText, isTalonError, TalonError } from '@falco-talon/core';

/** Codes of the JetStream API: nats-server, server/errors.json. */
const WRONG_LAST_SEQUENCE = 10071;
const NO_MESSAGE = 10037;
const STORE_FAILED = 10077;
const RESOURCES = new Set([10023, 10028, 10002, 10047]);

/** The message of a subject is not the one that was expected: somebody else wrote. */
export class Conflict extends Error {
  constructor(message = 'another replica wrote this record', options?: ErrorOptions) {
    super(message, options);
  }
}

/** Whatever the client or the server say, as one of: conflict, full, failed. */
export function failure(error: unknown, what: string): Conflict | TalonError {
  if (isTalonError(error) || error instanceof Conflict) return error;
  const code = apiCode(error);
  if (code === WRONG_LAST_SEQUENCE) return new Conflict(errorText(error), { cause: error });
  const full = code !== undefined && (RESOURCES.has(code) || (code === STORE_FAILED && isFull(error)));
  if (full) {
    const message = `NATS takes nothing more: ${errorText(error)}.`;
    return new TalonError('queue_full', message, { retryable: true, cause: error });
  }
  if (named(error, 'TimeoutError')) {
    return new TalonError('queue_failed', `NATS did not answer in time when it was to ${what}.`, {
      retryable: true,
      cause: error,
    });
  }
  return new TalonError('queue_failed', `NATS could not ${what}: ${reasonOf(error)}.`, {
    retryable: !named(error, 'PermissionViolationError'),
    cause: error,
  });
}

export function isMissing(error: unknown): boolean {
  return apiCode(error) === NO_MESSAGE || (error instanceof Error && /no message found/i.test(error.message));
}

function apiCode(error: unknown): number | undefined {
  const code = named(error, 'JetStreamApiError') && (error as { code?: unknown }).code;
  return typeof code === 'number' ? code : undefined;
}

function isFull(error: unknown): boolean {
  return /maximum (messages|bytes)|no space|insufficient/i.test(errorText(error));
}

function reasonOf(error: unknown): string {
  if (named(error, 'JetStreamNotEnabled')) return 'JetStream is not enabled, or this user may not use it';
  return errorText(error).replace(/\.$/, '');
}

/** By name: two copies of the library must not tell their errors apart. */
function named(error: unknown, name: string): boolean {
  return error instanceof Error && (error.name === name || named(error.cause, name));
}
