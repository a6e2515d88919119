import type { Fields, Logger } from '@falco-talon/core';
import { pino } from 'pino';
import type { Destination } from './destination.ts';
import { boundedValue } from './bounded-value.ts';
import { escapeActive, textLine } from './text-line.ts';

export const LOG_FORMATS = ['color', 'text', 'json'] as const;
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;

export interface LoggerOptions {
  readonly format: (typeof LOG_FORMATS)[number];
  readonly level: (typeof LOG_LEVELS)[number];
  /** False: `color` is written as `text` (no terminal, or NO_COLOR is set). */
  readonly colours: boolean;
  readonly destination: Destination;
}

/**
 * One line per call, to a destination that never blocks. Values are hostile: they are cut, and whatever a terminal or a
 * line-based reader would act on is escaped.
 */
export function createLogger(options: LoggerOptions): Logger {
  const { destination, format } = options;
  const colour = format === 'color' && options.colours;
  const write = (json: string) =>
    destination.write(format === 'json' ? escapeActive(json) : `${textLine(json, colour)}\n`);
  const sink = pino(
    {
      level: options.level,
      base: null,
      messageKey: 'message',
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write },
  );
  const at = (level: (typeof LOG_LEVELS)[number]) => (message: string, fields?: Fields) => {
    if (!sink.isLevelEnabled(level)) return;
    if (fields === undefined) sink[level](message);
    else sink[level](ownKeys(fields, message), message);
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** The line's own keys stay its own: a record's `time` is dropped, a different `message` becomes `detail`. */
function ownKeys(fields: Fields, message: string): Record<string, unknown> {
  const plain = boundedValue(fields);
  if (typeof plain !== 'object' || plain === null) return { detail: plain };
  const { time: _time, level: _level, message: text, ...rest } = plain as Record<string, unknown>;
  return text === undefined || text === message ? rest : { ...rest, detail: text };
}
