import type { Priority } from '@falco-talon/core';
import type { Expression } from '../condition/expression.ts';

/** Where something stands in the user's YAML; line and column count from 1, columns in UTF-16 units as editors do; 0: the file as a whole. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A mistake or a doubt about the user's YAML. Errors keep the rules from being used, warnings do not. */
export interface Problem extends Position {
  /** How many UTF-16 units it is about, from its position on, possibly over several lines. Absent: one. */
  readonly length?: number;
  readonly severity: 'error' | 'warning';
  /** Where in the document, as people write it: `Terminal shell in container.actions[0].parameters.tail_lines`; may be empty. */
  readonly path: string;
  readonly message: string;
}

export interface PriorityCriterion {
  readonly comparator: '<' | '<=' | '>' | '>=' | '=';
  readonly priority: Priority;
}

export interface FieldCriterion {
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

/** All given criteria must hold; an absent one matches all. */
export interface Match {
  /** OR. Empty: any. */
  readonly rules: readonly string[];
  readonly priority?: PriorityCriterion;
  /** Normalised as in events. */
  readonly source?: string;
  /** OR of ANDs. */
  readonly tags: readonly (readonly string[])[];
  /** OR of ANDs. */
  readonly outputFields: readonly (readonly FieldCriterion[])[];
  /** In Falco's language, with macros and lists put in. */
  readonly condition?: Expression;
}

export interface RuleOutput {
  /** Full name: `aws:s3`. */
  readonly target: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** The rule's next action waits for the upload. Absent: false. */
  readonly wait?: boolean;
}

export interface RuleAction {
  readonly name: string;
  readonly description: string;
  /** Full name: `kubernetes:label`. */
  readonly actionner: string;
  /** Checked, with defaults; frozen, since every event that matches shares them. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly contexts: readonly string[];
  readonly output?: RuleOutput;
  readonly continue: boolean;
  readonly ignoreErrors: boolean;
}

export interface Rule {
  readonly name: string;
  readonly description: string;
  readonly position: Position;
  readonly match: Match;
  readonly actions: readonly RuleAction[];
  readonly continue: boolean;
  readonly dryRun: boolean;
  /** Lower case, each once. The rule's own; the default ones are added when planning. */
  readonly notifiers: readonly string[];
}

/** Everything the rules files say, merged and checked. Immutable: a reload makes another one. */
export interface RuleSet {
  /** Short hash over the content of all files: which rules judged an event is in its log lines. */
  readonly version: string;
  readonly rules: readonly Rule[];
}

export interface RuleFile {
  readonly path: string;
  readonly text: string;
}

/** True when the rule has no criterion at all, so that every event matches. */
export function matchesEverything(match: Match): boolean {
  return (
    match.rules.length === 0 &&
    match.priority === undefined &&
    match.source === undefined &&
    match.tags.length === 0 &&
    match.outputFields.length === 0 &&
    match.condition === undefined
  );
}
