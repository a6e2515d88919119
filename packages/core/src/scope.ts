export type Fields = Readonly<Record<string, unknown>>;

/** Messages are fixed texts; what varies goes into the fields. */
export interface Logger {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
}

/**
 * What every part gets instead of globals: no plugin reads `process.env` or the wall clock.
 * `span` is ours, so that this package depends on no tracing library.
 */
export interface Scope {
  /** Aborted when the time limit is reached or the process stops. Every call out must honour it. */
  readonly signal: AbortSignal;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly span: <T>(name: string, work: () => Promise<T>) => Promise<T>;
}

export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
};
