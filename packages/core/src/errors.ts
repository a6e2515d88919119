/** Every code an error of Falco Talon can carry, and what it means. The reference page is generated from this list. */
export const ERROR_CODES = {
  invalid_event: 'The body is not a Falco alert.',
  invalid_config: 'The configuration is wrong.',
  invalid_rules: 'The rules are wrong.',
  invalid_plugin: 'A plugin cannot be loaded: its name, contract version or parts clash.',
  missing_field: 'The alert lacks an output field the action needs.',
  invalid_value: 'A value of the alert or a parameter cannot be used, for example as a Kubernetes name.',
  unknown_token: 'A parameter refers to a ${NAME} this event does not have.',
  unsupported: 'The cluster or service cannot do this.',
  refused: 'A guard refused the action.',
  target_gone: 'The object acted on does not exist (any more).',
  forbidden: 'The identity in use lacks a permission.',
  unauthorized: 'The credentials were not accepted.',
  conflict: 'The object changed at the same moment.',
  throttled: 'The service asks to slow down.',
  unavailable: 'The service is not reachable or failed for the moment.',
  rejected: 'The service refused the request as invalid.',
  outcome_unknown: 'The request was sent, but no answer came: it may have had its effect.',
  timeout: 'The time limit was reached.',
  aborted: 'Falco Talon is stopping.',
  not_leading: 'Another replica may act on the alert, or this one cannot be sure that it alone does.',
  too_large: 'A size limit was exceeded.',
  command_failed: 'A command in a container ended with an exit code other than 0.',
  queue_full: 'The queue does not accept more events for now.',
  queue_failed: 'The queue cannot store events.',
  disk: 'The disk under the queue is full, or it fails.',
  plugin_failed: 'A plugin broke its contract: it threw something unexpected.',
} as const;
export type ErrorCode = keyof typeof ERROR_CODES;

export interface TalonErrorOptions {
  readonly cause?: unknown;
  /** True when the same call may succeed later. */
  readonly retryable?: boolean;
  /** Milliseconds the service asked to wait before the next attempt. */
  readonly retryAfter?: number;
  /**
   * What is the same whenever this happens, whatever the object: `delete pods`. People are told of a lack of rights once for
   * each, not once for each alert.
   */
  readonly about?: string;
}

/** The one error type of the contract. Recognised by `kind`, so a second copy of this package is no obstacle. */
export class TalonError extends Error {
  readonly kind = 'talon-error';
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly retryAfter: number | undefined;
  readonly about: string | undefined;

  constructor(code: ErrorCode, message: string, options: TalonErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'TalonError';
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.retryAfter = options.retryAfter;
    this.about = options.about;
  }
}

export function isTalonError(error: unknown): error is TalonError {
  return error instanceof Error && (error as { kind?: unknown }).kind === 'talon-error';
}

/** Whatever was thrown, as a `TalonError` whose parts can be read: what no contract foresees becomes `plugin_failed`. */
export function asTalonError(error: unknown): TalonError {
  if (isReadable(error)) return error;
  return new TalonError('plugin_failed', errorText(error), { cause: error });
}

/** Getters that throw and parts of a wrong type must not reach whoever handles the error. */
function isReadable(error: unknown): error is TalonError {
  try {
    return isTalonError(error) && typeof error.message === 'string' && Object.hasOwn(ERROR_CODES, error.code);
  } catch {
    return false;
  }
}

/** A text for anything that can be thrown, hostile `toString` and missing messages included. */
export function errorText(error: unknown): string {
  try {
    if (error instanceof Error) return String(error.message || error.name);
    return String(error);
  } catch {
    return 'an error without a readable message';
  }
}
