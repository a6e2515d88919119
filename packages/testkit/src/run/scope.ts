import type { Fields, Logger, Scope } from '@falco-talon/core';

/** The moment every test runs at unless it says otherwise: 2026-01-02T03:04:05.678Z. */
export const TEST_TIME = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: Fields;
}

/** A scope whose every part a test can see. */
export interface TestScope extends Scope {
  /** What was logged, in order. */
  readonly lines: readonly LogLine[];
  /** Names of the spans, in the order they began. */
  readonly spans: readonly string[];
}

export interface TestScopeOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds since the epoch. Default `TEST_TIME`. */
  readonly now?: number;
}

export function testScope(options: TestScopeOptions = {}): TestScope {
  const lines: LogLine[] = [];
  const spans: string[] = [];
  const now = options.now ?? TEST_TIME;
  return {
    signal: options.signal ?? new AbortController().signal,
    logger: recordingLogger(lines),
    now: () => now,
    lines,
    spans,
    async span(name, work) {
      spans.push(name);
      return await work();
    },
  };
}

function recordingLogger(lines: LogLine[]): Logger {
  const at =
    (level: LogLine['level']) =>
    (message: string, fields: Fields = {}) =>
      void lines.push({ level, message, fields });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
