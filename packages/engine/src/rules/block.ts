import type { ParsedExpression } from '../condition/expression.ts';
import type { OVERRIDE_KEYS } from './block-keys.ts';
import type { FieldCriterion, PriorityCriterion } from './rule.ts';
import type { ScalarText } from './scalar-text.ts';
import type { Place, YamlEntry, YamlMap } from './yaml-node.ts';

/** A text with the place it was written at. */
export interface Placed {
  readonly text: string;
  readonly place: Place;
}

/** What one `- action:` block, or one entry of a rule's `actions`, says. Undefined: not mentioned. */
export interface ActionBlock {
  readonly name: Placed;
  readonly description: string | undefined;
  readonly actionner: Placed | undefined;
  readonly parameters: YamlEntry<YamlMap> | undefined;
  readonly contexts: readonly Placed[] | undefined;
  readonly output: OutputBlock | undefined;
  readonly continue: boolean | undefined;
  readonly ignoreErrors: boolean | undefined;
  /** Keys that are there but wrong: already reported, so their absence is not. */
  readonly broken: ReadonlySet<string>;
}

export interface OutputBlock {
  readonly place: Place;
  readonly target: Placed | undefined;
  readonly wait: boolean | undefined;
  readonly parameters: YamlEntry<YamlMap> | undefined;
  readonly broken: ReadonlySet<string>;
}

/** What one `match` says; `all` is the word that asks for every event. */
export interface MatchBlock {
  readonly place: Place;
  readonly all: boolean;
  readonly rules: readonly string[];
  readonly priority: PriorityCriterion | undefined;
  readonly source: Placed | undefined;
  readonly tags: readonly (readonly string[])[];
  readonly outputFields: readonly (readonly FieldCriterion[])[];
  readonly condition: ConditionBlock | undefined;
}

export interface ConditionBlock {
  readonly parsed: ParsedExpression;
  /** Where a character of the condition stands in its file. */
  readonly placeAt: (offset: number) => Place;
}

/** What one `- macro:` block says. */
export interface MacroBlock {
  readonly name: Placed;
  /** Undefined when it is wrong, which has been reported. */
  readonly condition: ScalarText | undefined;
  /** Goes on where the macro of this name ended, instead of taking its place. */
  readonly append: boolean;
}

/** What one `- list:` block says. */
export interface ListBlock {
  readonly name: Placed;
  readonly items: readonly Placed[] | undefined;
  readonly append: boolean;
}

export type ListKey = keyof typeof OVERRIDE_KEYS;

/** What one `- rule:` block says. */
export interface RuleBlock {
  readonly name: Placed;
  readonly description: string | undefined;
  readonly match: MatchBlock | undefined;
  readonly actions: readonly ActionBlock[];
  readonly continue: boolean | undefined;
  readonly dryRun: boolean | undefined;
  readonly notifiers: readonly Placed[];
  /** Lists that take the place of those of the blocks before, instead of adding to them. Absent: none. */
  readonly replaces?: ReadonlySet<ListKey>;
  /** It is in the syntax of the first releases, where a rule has one action, so that several have the same match. */
  readonly old?: true;
  readonly broken: ReadonlySet<string>;
}
