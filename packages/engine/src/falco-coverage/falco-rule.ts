import type { Priority } from '@falco-talon/core';
import type { Position } from '../rules/rule.ts';

/** What a response needs to know of one of Falco's own rules, with the overrides of all files applied. */
export interface FalcoRule {
  readonly name: string;
  /** Where it is defined. */
  readonly position: Position;
  readonly priority: Priority;
  /** As in alerts: `syscall` unless the rule says otherwise. */
  readonly source: string;
  readonly tags: readonly string[];
  /** The format of the alert's text. Its fields are those of the alert. */
  readonly output: string;
  readonly enabled: boolean;
  /** Where `enabled` was said last; absent when nothing says it. */
  readonly enabledAt?: Position;
}
