import type { Issue } from '@falco-talon/core';

/** Bytes of a command or a script. */
export const MOST_SCRIPT_BYTES = 1024 * 1024;

/** What no shell can be given. */
export function textIssues(key: string, text: string | undefined): readonly Issue[] {
  if (text === undefined) return [];
  if (text.includes('\0')) return [{ path: [key], message: 'holds NUL, which no shell can read' }];
  if (Buffer.byteLength(text) > MOST_SCRIPT_BYTES) return [{ path: [key], message: 'has more than 1 MiB' }];
  return [];
}

/**
 * A text written with the line ends of DOS throughout, with those a shell knows: it would take the carriage returns for
 * parts of words. A text that has both is left as it is.
 */
export function shellLines(text: string): string {
  return /(?<!\r)\n/.test(text) ? text : text.replaceAll('\r\n', '\n');
}
