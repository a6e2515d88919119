import { errorText } from '@falco-talon/core';
import { RE2JS, RE2Set } from 're2js';

/** Whether the whole text fits. */
export type TextTest = (text: string) => boolean;

/** Why a pattern cannot be used. */
export class RegexError extends Error {}

export const PATTERN_LIMIT = 2_000;
/** Steps of the compiled program; a text of a million characters then costs at most that many million steps. */
const PROGRAM_LIMIT = 1_000;
/** Bytes a pattern may keep of what it learnt from texts, which come from whoever runs in the watched workload. */
const MEMORY_LIMIT = 128 * 1024;

/**
 * RE2 syntax over the whole text, as Falco has it: `.` is no line feed, `^` and `$` are also the ends of lines.
 * The time is proportional to the text, whatever the text.
 * @throws RegexError
 */
export function compileRegex(pattern: string): TextTest {
  if (pattern.length > PATTERN_LIMIT) {
    throw new RegexError(`a pattern has at most ${PATTERN_LIMIT} characters, this one ${pattern.length}`);
  }
  const set = new RE2Set(RE2Set.ANCHOR_BOTH, RE2JS.MULTILINE, MEMORY_LIMIT);
  try {
    const size = RE2JS.compile(pattern).programSize();
    if (size > PROGRAM_LIMIT) throw new RegexError(`the pattern is too large (${size} steps of ${PROGRAM_LIMIT})`);
    set.add(pattern);
    set.compile();
  } catch (error) {
    if (error instanceof RegexError) throw error;
    throw new RegexError(reason(error));
  }
  return (text) => set.match(text).length > 0;
}

function reason(error: unknown): string {
  const text = errorText(error).replace(/^error parsing regexp: /, '');
  return /Perl syntax/.test(text) ? `${text} (look-around and back references take unbounded time)` : text;
}
