import { defineActionner, POD_FIELDS, podTarget, strictObject, Type } from '@falco-talon/core';
import { kubernetes } from '@falco-talon/client-kubernetes';
import {
  change,
  changePermissions,
  checkLevel,
  levelParameter,
  nodeFacts,
  previewChange,
} from '../metadata/change-metadata.ts';
import { annotationIssues } from './annotation-syntax.ts';
import { metadataDifferences } from '../metadata/differences.ts';
import { examples } from './examples.ts';

export const annotation = defineActionner({
  name: 'annotation',
  description: 'Sets and removes annotations of the pod, or of the node it runs on.',
  stability: 'stable',
  sources: ['syscall', 'k8s_audit'],
  continue: true,
  output: 'none',
  parameters: strictObject({
    annotations: Type.Record(Type.String(), Type.String(), {
      minProperties: 1,
      description: 'Annotations to set. An empty value removes the annotation. Values are taken as written: no tokens.',
    }),
    level: levelParameter('annotate'),
  }),
  uses: { kubernetes },
  facts: nodeFacts,
  requiredFields: POD_FIELDS,
  idempotent: true,
  permissions: changePermissions('annotations'),
  examples,
  differences: metadataDifferences('annotations'),
  validate: ({ annotations }) => annotationIssues(annotations),

  // The pod with `level: node` too: which node it is only the API server knows.
  target: ({ event }) => podTarget(event),
  check: (context) => checkLevel(context, context.parameters.level),
  preview: (context) => previewChange(context, 'annotate', context.parameters.annotations, context.facts),
  run: (context) => change(context, 'annotations', 'annotated', context.parameters.annotations, context.facts),
});
