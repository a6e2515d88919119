import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** One line of the program's log. */
export interface LogLine {
  readonly message: string;
  readonly level: string;
  readonly time: string;
  readonly trace_id?: string;
  readonly rule?: string;
  readonly action?: string;
  readonly actionner?: string;
  readonly stage?: string;
  readonly status?: string;
  readonly error?: string;
  readonly reason?: string;
  readonly [field: string]: unknown;
}

/** The lines that are JSON: a killed process leaves half of its last one, and Node itself prints others. */
export async function* readLines(path: string): AsyncGenerator<LogLine> {
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    const parsed = parse(line);
    if (parsed !== undefined) yield parsed;
  }
}

function parse(line: string): LogLine | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && 'message' in value ? (value as LogLine) : undefined;
  } catch {
    return undefined;
  }
}
