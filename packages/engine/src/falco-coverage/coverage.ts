import type { Priority } from '@falco-talon/core';
import type { Problem } from '../rules/rule.ts';

/** How the rules fit those of Falco. Plain data, printed as JSON and YAML as it is. */
export interface Coverage {
  readonly summary: {
    readonly falco_rules: number;
    readonly enabled: number;
    /** Enabled, with a response that is more than a dry run. */
    readonly answered: number;
    /** Enabled, with responses in a dry run only. */
    readonly observed: number;
    /** Enabled, without a response. */
    readonly unanswered: number;
    readonly errors: number;
    readonly warnings: number;
  };
  readonly findings: readonly Finding[];
  /** In Falco's order. */
  readonly falco_rules: readonly CoveredRule[];
  /** What `append_output` of falco.yaml needs for all findings about fields. */
  readonly append_output: readonly AppendOutput[];
}

export type FindingKind =
  | 'unknown_rule'
  | 'disabled_rule'
  | 'source'
  | 'priority'
  | 'tags'
  | 'output_fields'
  | 'condition'
  | 'unreached'
  | 'missing_field';

/** `error`: it never works. `warning`: it does for other alerts, or not as it reads. */
export interface Finding extends Problem {
  readonly kind: FindingKind;
  /** The rule it is about. */
  readonly rule: string;
  /** The rules of Falco it is about. */
  readonly falco_rules: readonly string[];
  /** Fields that are missing in their alerts. */
  readonly fields: readonly string[];
}

export interface CoveredRule {
  readonly rule: string;
  readonly source: string;
  readonly priority: Priority;
  readonly tags: readonly string[];
  readonly enabled: boolean;
  readonly file: string;
  readonly line: number;
  /** Rules that act on its alerts, or on some of them. */
  readonly responses: readonly Response[];
}

export interface Response {
  readonly rule: string;
  readonly dry_run: boolean;
  /** Full names of the actionners, in order. */
  readonly actions: readonly string[];
}

/** An entry as in falco.yaml. */
export interface AppendOutput {
  readonly match: { readonly rule: string } | { readonly source: string };
  readonly extra_fields: readonly string[];
}
