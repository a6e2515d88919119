import { oneOf, Type } from '@falco-talon/core';

const name = Type.String({ minLength: 1, maxLength: 256 });
const texts = Type.Array(Type.String({ minLength: 1 }));
const map = Type.Object({}, { additionalProperties: true });

/** The keys each kind of block may have. What stands below `Unknown` is read key by key elsewhere. */
export const ACTION_KEYS = {
  action: name,
  description: Type.String(),
  actionner: Type.String({ minLength: 1 }),
  parameters: map,
  contexts: texts,
  additional_contexts: texts,
  output: map,
  continue: Type.Boolean(),
  ignore_errors: Type.Boolean(),
} as const;

export const OUTPUT_KEYS = {
  target: Type.String({ minLength: 1 }),
  parameters: map,
  wait: Type.Boolean(),
} as const;

export const RULE_KEYS = {
  rule: name,
  description: Type.String(),
  match: Type.Unknown(),
  actions: Type.Array(Type.Unknown()),
  continue: Type.Boolean(),
  dry_run: Type.Boolean(),
  notifiers: texts,
  override: map,
} as const;

const howToMerge = oneOf(['append', 'replace']);

/** Lists of a rule to which a later block appends, unless it says `replace`. The word and its place are Falco's. */
export const OVERRIDE_KEYS = {
  rules: howToMerge,
  tags: howToMerge,
  output_fields: howToMerge,
  actions: howToMerge,
  notifiers: howToMerge,
} as const;

export const MATCH_KEYS = {
  rules: texts,
  priority: Type.String({ minLength: 1 }),
  source: Type.String({ minLength: 1 }),
  tags: texts,
  output_fields: texts,
  condition: Type.String(),
} as const;

/** Falco's own keys. `append` is what older Falco rules have in place of `override`. */
export const MACRO_KEYS = {
  macro: name,
  condition: Type.String(),
  append: Type.Boolean(),
  override: map,
} as const;

export const LIST_KEYS = {
  list: name,
  items: Type.Array(Type.String()),
  append: Type.Boolean(),
  override: map,
} as const;

/** What is said beside a mistake with a key. */
export interface KeyNotes {
  /** Keys that are known in another place. */
  readonly elsewhere?: Readonly<Record<string, string>>;
  /** For keys that are known nowhere. */
  readonly unknown?: string;
  /** How the value of a key is written. */
  readonly written?: Readonly<Record<string, string>>;
}

const OF_AN_ACTION = 'it belongs to an action, under actions';
const OF_THE_MATCH = 'it belongs under match';
const OF_THE_RULE = 'it belongs to the rule';

export const RULE_NOTES: KeyNotes = {
  elsewhere: {
    rules: OF_THE_MATCH,
    priority: OF_THE_MATCH,
    source: OF_THE_MATCH,
    tags: OF_THE_MATCH,
    output_fields: OF_THE_MATCH,
    actionner: OF_AN_ACTION,
    parameters: OF_AN_ACTION,
    output: OF_AN_ACTION,
    contexts: OF_AN_ACTION,
    ignore_errors: OF_AN_ACTION,
  },
  written: { actions: 'each item begins with - action: NAME', match: 'or the word all, for every event' },
};

export const ACTION_NOTES: KeyNotes = {
  elsewhere: {
    match: OF_THE_RULE,
    notifiers: OF_THE_RULE,
    dry_run: OF_THE_RULE,
    target: 'it belongs under output',
    arguments: 'it is called parameters',
    options: 'it is called parameters',
  },
  unknown: 'what its actionner takes belongs under parameters',
  written: { output: 'write output: {target: NAME, parameters: {…}}', parameters: 'write parameters: {NAME: VALUE}' },
};

export const OUTPUT_NOTES: KeyNotes = { unknown: 'what its target takes belongs under parameters' };
