import type { RuleOutput } from '../rules/rule.ts';

/** One action to take. Plain data: it is journalled as it is and read back after a restart. */
export interface PlannedStep {
  /** `event/rule/action/n`: the same at every attempt, unique in the process's life. */
  readonly id: string;
  readonly rule: string;
  /** Version of the rule set it comes from; absent in a plan that an earlier release journalled. */
  readonly ruleSet?: string;
  /** The rule's own `continue`, as tokens and the forwarded context show it. */
  readonly ruleContinue: boolean;
  readonly action: string;
  /** Full name. */
  readonly actionner: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly contexts: readonly string[];
  readonly output?: RuleOutput;
  /** Lower case, each once. */
  readonly notifiers: readonly string[];
  readonly continue: boolean;
  readonly ignoreErrors: boolean;
  readonly dryRun: boolean;
}

/**
 * The steps of one matching rule, in order; none for a rule without actions. An error ends its own chain only.
 *
 * Steps behind one whose `continue` is false are part of the chain: whether that step was the last is known only when
 * its status is, since `continue` counts after success, `ignored` and `dry_run`, and `ignoreErrors` after a failure.
 */
export interface Chain {
  readonly rule: string;
  readonly steps: readonly PlannedStep[];
}

/** What an event comes to, fixed at the first attempt: a rule change cannot renumber the steps of an event in flight. */
export interface Plan {
  /** Version of the rule set that judged the event. */
  readonly ruleSet: string;
  readonly chains: readonly Chain[];
}
