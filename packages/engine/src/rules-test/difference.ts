import { didYouMean, nearest } from '@falco-talon/core';
import type { Position } from '../rules/rule.ts';

/** One thing the rules make of an alert that is not as the test expects. */
export interface Difference {
  /** Of the expectation, in the test file. */
  readonly position: Position;
  /** Which thing: `A shell in a container.actions[1].parameters.tail_lines`. */
  readonly what: string;
  readonly expected: string;
  readonly got: string;
  /** Why, a line each: the criteria that decided. Made for a terminal. */
  readonly because: readonly string[];
}

/** `; did you mean …?`, or nothing. */
export function hintAt(name: string, known: Iterable<string>): string {
  const hint = nearest(name, known);
  return didYouMean(hint && JSON.stringify(hint));
}

/** `"a", "b"` */
export function listed(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.map((name) => JSON.stringify(name)).join(', ');
}
