import type { FieldCriterion, PriorityCriterion } from './rule.ts';
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
}

/** What one `- rule:` block says. */
export interface RuleBlock {
  readonly name: Placed;
  readonly description: string | undefined;
  readonly match: MatchBlock | undefined;
  readonly actions: readonly ActionBlock[];
  readonly continue: boolean | undefined;
  readonly dryRun: boolean | undefined;
  readonly notifiers: readonly Placed[];
  readonly broken: ReadonlySet<string>;
}
