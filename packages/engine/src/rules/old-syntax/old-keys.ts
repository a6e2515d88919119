import { Type } from '@falco-talon/core';

const map = Type.Object({}, { additionalProperties: true });

/** What one block of the first releases may have. `weight` was read and never used. */
export const OLD_RULE_KEYS = {
  name: Type.String({ minLength: 1, maxLength: 256 }),
  description: Type.String(),
  match: Type.Unknown(),
  action: map,
  continue: Type.Boolean(),
  before: Type.Boolean(),
  dry_run: Type.Boolean(),
  notifiers: Type.Array(Type.String({ minLength: 1 })),
  weight: Type.Unknown(),
} as const;

/** The same key under the names it had in 2021, 2022 and 2023. */
export const PARAMETER_KEYS = ['parameters', 'arguments', 'options'] as const;

export const OLD_ACTION_KEYS = {
  name: Type.String({ minLength: 1 }),
  parameters: map,
  arguments: map,
  options: map,
} as const;

/** Actionners of the first releases that ran first unless the rule said otherwise. */
export const RUNS_BEFORE: ReadonlySet<string> = new Set([
  'kubernetes:networkpolicy',
  'kubernetes:exec',
  'kubernetes:script',
]);

export const LABEL = 'kubernetes:label';

/** In the first months there was one category, which nobody wrote. */
export const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ['terminate', 'kubernetes:terminate'],
  ['label', LABEL],
  ['labelize', LABEL],
  ['kubernetes:labelize', LABEL],
]);

/** Parameters that have another name today, beyond their case. */
export const OTHER_PARAMETERS: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map([
  ['kubernetes:networkpolicy', new Map([['allow', 'allow_cidr']])],
]);
