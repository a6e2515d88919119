import type { TSchema } from '@falco-talon/core';
import type { Registry } from '../registry/registry.ts';
import { LIST_KEYS, MACRO_KEYS, OVERRIDE_KEYS, RULE_KEYS } from '../rules/block-keys.ts';
import { actionSchema } from './action-schema.ts';
import { mapEntries, type EditorSchema } from './editor-schema.ts';
import { inAnyCase } from './in-any-case.ts';
import { keysSchema } from './keys-schema.ts';
import { matchSchema } from './match-schema.ts';
import { namesSchema } from './names-schema.ts';
import { when } from './when.ts';

/**
 * JSON Schema (draft 07) of rules files, for editors: every part of the loaded plugins with its parameters.
 * A block that it refuses is refused when rules load, too, unless a later block replaces what is wrong in it.
 */
export function rulesSchema(registry: Registry): EditorSchema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    description: 'Rules of Falco Talon.',
    type: ['array', 'null'],
    items: blockSchema(),
    definitions: {
      rule: ruleSchema(registry),
      action: actionSchema(registry),
      match: matchSchema(registry),
      macro: definitionSchema(MACRO_KEYS, MACRO_MEANING, 'macro', 'condition'),
      list: definitionSchema(LIST_KEYS, LIST_MEANING, 'list', 'items'),
    },
  };
}

/** In the order in which the loader looks. A block that is none of them yet is offered the first key of each. */
function blockSchema(): EditorSchema {
  const kinds: readonly (readonly [string, EditorSchema])[] = [
    ['macro', { $ref: '#/definitions/macro' }],
    ['list', { $ref: '#/definitions/list' }],
    ['rule', { $ref: '#/definitions/rule' }],
    ['name', {}],
    ['action', { $ref: '#/definitions/action' }],
  ];
  const beginnings: EditorSchema = {
    properties: mapEntries(KINDS, (description) => ({ description })),
    minProperties: 1,
    additionalProperties: false,
    errorMessage: 'a block begins with - rule:, - action:, - macro: or - list:',
  };
  return {
    type: 'object',
    ...kinds.reduceRight((rest, [key, schema]) => when({ type: 'object', required: [key] }, schema, rest), beginnings),
  };
}

const KINDS = {
  rule: 'A rule: which alerts, and what is done.',
  action: 'An action that rules share by its name.',
  macro: 'A condition that conditions refer to by name.',
  list: 'Values that conditions refer to by name.',
};

function ruleSchema({ notifiers }: Registry): EditorSchema {
  const inAnyCases = [...notifiers.keys()].map(inAnyCase).join('|');
  return keysSchema(RULE_KEYS, {
    meaning: RULE_MEANING,
    more: {
      match: { $ref: '#/definitions/match' },
      actions: { items: { $ref: '#/definitions/action' } },
      override: {
        properties: Object.fromEntries(Object.keys(OVERRIDE_KEYS).map((key) => [key, HOW_TO_MERGE])),
        additionalProperties: false,
      },
      notifiers: { items: { anyOf: [namesSchema(notifiers), { type: 'string', pattern: `^(${inAnyCases})$` }] } },
    },
    required: ['rule'],
  });
}

const HOW_TO_MERGE = { enum: ['append', 'replace', null] };

const RULE_MEANING: Readonly<Record<keyof typeof RULE_KEYS, string>> = {
  rule: 'Its name. A later block of the same name adds to it. Required.',
  description: 'For people.',
  match: '',
  actions: 'What is done, in order.',
  continue: 'false: no later rule is tried once this one matched. Default: true.',
  dry_run: 'Nothing is changed; the records say what would have been done. Default: false.',
  notifiers: 'Who is told, beside default_notifiers. The case of names does not matter.',
  override: 'In a later block of a rule: lists that take the place of those before, instead of adding to them.',
};

/** A block that gives a name to something, under the key `content`. */
function definitionSchema<K extends string>(
  keys: Readonly<Record<K, TSchema>>,
  meaning: Readonly<Record<K, string>>,
  name: K,
  content: K,
): EditorSchema {
  const override = { properties: { [content]: HOW_TO_MERGE }, additionalProperties: false };
  return keysSchema<string>(keys, { meaning, more: { override }, required: [name, content] });
}

const OVERRIDE = 'append: it goes on where the one of this name ended, instead of taking its place.';

const MACRO_MEANING: Readonly<Record<keyof typeof MACRO_KEYS, string>> = {
  macro: 'Its name: letters, digits and _, beginning with a letter. Required.',
  condition: "In the language of Falco's own rules. Required.",
  append: 'Older spelling of override: {condition: append}.',
  override: OVERRIDE,
};

const LIST_MEANING: Readonly<Record<keyof typeof LIST_KEYS, string>> = {
  list: 'Its name. Required.',
  items: 'Values, or names of other lists. Required.',
  append: 'Older spelling of override: {items: append}.',
  override: OVERRIDE,
};
