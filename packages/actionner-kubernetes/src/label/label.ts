import { defineActionner, POD_FIELDS, podTarget, strictObject, Type, type Issue } from '@falco-talon/core';
import { kubernetes } from '@falco-talon/client-kubernetes';
import {
  change,
  changePermissions,
  checkLevel,
  levelParameter,
  nodeFacts,
  previewChange,
} from '../metadata/change-metadata.ts';
import { metadataDifferences } from '../metadata/differences.ts';
import { examples } from './examples.ts';
import { labelKeyProblem, labelValueProblem } from './label-syntax.ts';

export const label = defineActionner({
  name: 'label',
  description: 'Sets and removes labels of the pod, or of the node it runs on.',
  stability: 'stable',
  sources: ['syscall', 'k8s_audit'],
  continue: true,
  output: 'none',
  parameters: strictObject({
    labels: Type.Record(Type.String(), Type.String(), {
      minProperties: 1,
      description: 'Labels to set. An empty value removes the label. Values are taken as written: no tokens.',
    }),
    level: levelParameter('label'),
  }),
  uses: { kubernetes },
  facts: nodeFacts,
  requiredFields: POD_FIELDS,
  idempotent: true,
  permissions: changePermissions('labels'),
  examples,
  differences: metadataDifferences('labels'),

  validate({ labels }) {
    return Object.entries(labels).flatMap(([key, value]): readonly Issue[] =>
      [labelKeyProblem(key), labelValueProblem(value)]
        .filter((message) => message !== undefined)
        .map((message) => ({ path: ['labels', key], message })),
    );
  },

  // The pod with `level: node` too: which node it is only the API server knows.
  target: ({ event }) => podTarget(event),
  check: (context) => checkLevel(context, context.parameters.level),
  preview: (context) => previewChange(context, 'label', context.parameters.labels, context.facts),
  run: (context) => change(context, 'labels', 'labelled', context.parameters.labels, context.facts),
});
