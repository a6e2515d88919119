import { jsonSchema, type Actionner } from '@falco-talon/core';
import type { Registry } from '../registry/registry.ts';
import { ACTION_KEYS, OUTPUT_KEYS } from '../rules/block-keys.ts';
import { IGNORED_PARAMETERS } from '../rules/resolve-action.ts';
import { editorSchema, mapEntries, type EditorSchema } from './editor-schema.ts';
import { keysSchema } from './keys-schema.ts';
import { namesSchema } from './names-schema.ts';
import { when } from './when.ts';

/**
 * A shared action, or an entry of a rule's `actions`. Nothing an actionner or output needs is required, since the shared
 * action of the same name may say it, in another file; what is there must fit.
 */
export function actionSchema(registry: Registry): EditorSchema {
  const { parameters, output, continue: goesOn } = MEANING;
  const unknown = { parameters, output, continue: goesOn };
  return {
    ...keysSchema(ACTION_KEYS, {
      // What the actionner decides is described there: editors show the first description they find.
      meaning: { ...MEANING, parameters: '', output: '', continue: '' },
      more: {
        actionner: namesSchema(registry.actionners, [null]),
        contexts: { items: namesSchema(registry.contexts) },
        additional_contexts: { items: namesSchema(registry.contexts), doNotSuggest: true },
        output: outputSchema(registry),
      },
      required: ['action'],
    }),
    allOf: [
      when(
        { not: { required: ['actionner'] } },
        { properties: mapEntries(unknown, (description) => ({ description })) },
      ),
      ...Array.from(registry.actionners, ([name, { part }]) =>
        when(keyIs('actionner', name), { properties: ofActionner(name, part) }),
      ),
    ],
  };
}

function ofActionner(name: string, part: Actionner): EditorSchema {
  const own = editorSchema(jsonSchema(part.parameters), 'part');
  const ignored = IGNORED_PARAMETERS.get(name);
  const deprecated = { deprecationMessage: `${name} has no such parameter; it has no effect and can be removed` };
  const extra =
    ignored === undefined || Object.hasOwn(part.parameters.properties, ignored) ? {} : { [ignored]: deprecated };
  return {
    parameters: {
      ...own,
      description: `Parameters of ${name}: ${part.description}`,
      properties: { ...extra, ...(own['properties'] as EditorSchema | undefined) },
    },
    continue: { description: `Whether the rule's next action runs after this one. Default: ${part.continue}.` },
    output: OUTPUT_POLICY[part.output](name),
  };
}

const OUTPUT_POLICY: Readonly<Record<Actionner['output'], (name: string) => EditorSchema>> = {
  none: (name) => ({
    description: `${name} has nothing to store, so it takes no output.`,
    type: 'null',
    errorMessage: `${name} has nothing to store, so it takes no output`,
    doNotSuggest: true,
  }),
  allowed: () => ({ description: 'Where the artifact is stored.' }),
  required: (name) => ({ description: `Where the artifact is stored. ${name} needs an output.` }),
};

function outputSchema(registry: Registry): EditorSchema {
  const targets = Array.from(registry.outputs, ([name, { part }]) => {
    const parameters = {
      ...editorSchema(jsonSchema(part.parameters), 'part'),
      description: `Parameters of ${name}: ${part.description}`,
    };
    return when(keyIs('target', name), { properties: { parameters } });
  });
  return {
    ...keysSchema(OUTPUT_KEYS, { meaning: OUTPUT_MEANING, more: { target: namesSchema(registry.outputs, [null]) } }),
    type: ['object', 'null'],
    ...(targets.length === 0 ? {} : { allOf: targets }),
  };
}

function keyIs(key: string, name: string): EditorSchema {
  return { required: [key], properties: { [key]: { const: name } } };
}

const MEANING: Readonly<Record<keyof typeof ACTION_KEYS, string>> = {
  action: 'Its name, and that of the shared action it builds on, if there is one. Required.',
  description: 'For people.',
  actionner: "What is done. Default: the shared action's.",
  parameters: 'As the actionner says.',
  contexts: 'Facts fetched before it runs.',
  additional_contexts: 'Another name of contexts.',
  output: 'Where its artifact is stored.',
  continue: "Whether the rule's next action runs after this one. Default: the actionner's own.",
  ignore_errors: 'Whether the next action runs after a failure, too. Default: false.',
};

const OUTPUT_MEANING: Readonly<Record<keyof typeof OUTPUT_KEYS, string>> = {
  target: 'Which output.',
  parameters: 'As the output says.',
  wait: 'The next action waits for the upload. Default: false.',
};
