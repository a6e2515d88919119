import { PRIORITIES, jsonSchema, type TSchema } from '@falco-talon/core';
import type { Registry } from '../registry/registry.ts';
import { MATCH_KEYS } from '../rules/block-keys.ts';
import { editorSchema, type EditorSchema } from './editor-schema.ts';
import { inAnyCase } from './in-any-case.ts';
import { keysSchema } from './keys-schema.ts';

const COMPARATORS = ['>=', '<=', '>', '<', '='];

/** What `match` may say. Which criteria are right is more than a schema can tell: `check` does. */
export function matchSchema(registry: Registry): EditorSchema {
  const priorities = [...PRIORITIES, 'Info'].map(inAnyCase).join('|');
  return {
    ...keysSchema(MATCH_KEYS, {
      meaning: MEANING,
      more: {
        priority: {
          anyOf: [
            { enum: [...PRIORITIES, ...PRIORITIES.map((priority) => `>=${priority}`), null] },
            { type: 'string', pattern: `^\\s*(${COMPARATORS.join('|')})?\\s*(${priorities})\\s*$` },
          ],
        },
        source: { examples: sources(registry) },
        tags: {
          items: {
            ...itemOf(MATCH_KEYS.tags),
            pattern: '^\\s*[^,\\s][^,]*(,\\s*[^,\\s][^,]*)*$',
            patternErrorMessage: 'a tag is missing beside a comma',
          },
        },
        output_fields: {
          items: {
            ...itemOf(MATCH_KEYS.output_fields),
            pattern: '=',
            patternErrorMessage: 'write it as in k8s.ns.name!=kube-system, proc.name=bash',
          },
        },
      },
    }),
    description: DESCRIPTION,
    type: ['object', 'string', 'null'],
    pattern: '^all$',
    patternErrorMessage: 'a map of criteria, or the word all, for every event',
  };
}

const DESCRIPTION = 'Which alerts. All criteria given must hold; `match: all` takes every alert.';

const MEANING: Readonly<Record<keyof typeof MATCH_KEYS, string>> = {
  rules: "The alert's Falco rule is one of these, letter by letter.",
  priority: 'The priority compares: Warning, >=Notice, <Error; > is more severe.',
  source: "The alert's source is this one; syscalls is syscall, k8saudit is k8s_audit.",
  tags: 'For one item of the list, the alert has all its tags (separated by commas).',
  output_fields:
    'For one item of the list, all its comparisons (separated by commas) hold: k8s.ns.name!=kube-system, proc.name=bash.',
  condition: "It is true, in the language of Falco's own rules, over what the alert carries.",
};

function itemOf({ items }: { readonly items: TSchema }): EditorSchema {
  return editorSchema(jsonSchema(items), 'whole', false);
}

/** Of alerts some loaded actionner is made for. */
function sources({ actionners }: Registry): readonly string[] {
  const all = [...actionners.values()].flatMap(({ part }) => (part.sources === 'any' ? [] : part.sources));
  return [...new Set(all)].toSorted();
}
