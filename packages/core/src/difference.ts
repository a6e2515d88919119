/**
 * A place where an actionner does something else with a rule than the actionner of the same name in the engine its rules
 * were written for, the Go engine. `check --peer` lists those that concern a rule; the guide for people who come from there
 * lists all of them.
 */
export interface Difference {
  /** Short and stable, unique within the actionner: `grace-period`. */
  readonly id: string;
  /** Set against before: it acts where it did not or goes further (`more`), the reverse (`less`), or neither (`other`). */
  readonly effect: DifferenceEffect;
  /** What a rule must say for it to matter, in words: `grace_period_seconds is not given`. Absent: nothing special. */
  readonly when?: string;
  /** What happens there and what happens here: main clauses without a capital and a full stop. */
  readonly there: string;
  readonly here: string;
  /** The parameter to point at, where it is given. */
  readonly parameter?: string;
  /** The same as `when`, as a function. Pure. Absent: it concerns every use of the actionner. */
  readonly applies?: (action: WrittenAction) => boolean;
}

export type DifferenceEffect = 'more' | 'less' | 'other';

/** An action as its author wrote it: merged with the shared action of its name, but nothing coerced, no default filled in. */
export interface WrittenAction {
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Undefined: not said. */
  readonly continue: boolean | undefined;
  /** No action of the rule comes after it. */
  readonly isLast: boolean;
}
