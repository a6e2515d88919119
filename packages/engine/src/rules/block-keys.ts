import { Type } from '@falco-talon/core';

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
