import { objectSchema } from './metadata.ts';
import { struct } from './schema.ts';

const resourceAttributes = struct('ResourceAttributes', {
  namespace: 'string',
  verb: 'string',
  group: 'string',
  version: 'string',
  resource: 'string',
  subresource: 'string',
  name: 'string',
  fieldSelector: 'any',
  labelSelector: 'any',
});

export const accessReviewSchema = objectSchema('SelfSubjectAccessReview', {
  spec: struct('SelfSubjectAccessReviewSpec', {
    resourceAttributes,
    nonResourceAttributes: struct('NonResourceAttributes', { path: 'string', verb: 'string' }),
  }),
  status: 'any',
});

export const rulesReviewSchema = objectSchema('SelfSubjectRulesReview', {
  spec: struct('SelfSubjectRulesReviewSpec', { namespace: 'string' }),
  status: 'any',
});
