import type { Schema, StructSchema } from './schema.ts';
import { atomicStruct, keyed, list, map, setOf, struct } from './schema.ts';

export const objectMeta = struct('ObjectMeta', {
  name: 'string',
  generateName: 'string',
  namespace: 'string',
  selfLink: 'string',
  uid: 'string',
  resourceVersion: 'string',
  generation: 'integer',
  creationTimestamp: 'time',
  deletionTimestamp: 'time',
  deletionGracePeriodSeconds: 'integer',
  labels: map('string'),
  annotations: map('string'),
  ownerReferences: keyed(
    struct('OwnerReference', {
      apiVersion: 'string',
      kind: 'string',
      name: 'string',
      uid: 'string',
      controller: 'boolean',
      blockOwnerDeletion: 'boolean',
    }),
    'uid',
  ),
  finalizers: setOf('string'),
  managedFields: list('any'),
});

/** A kind whose fields are known. */
export function objectSchema(kind: string, fields: Readonly<Record<string, Schema>>): StructSchema {
  return struct(kind, { kind: 'string', apiVersion: 'string', metadata: objectMeta, ...fields });
}

/** A kind that is stored as it comes. */
export function openSchema(kind: string): StructSchema {
  return { ...objectSchema(kind, {}), open: true };
}

/** Apply owns a selector as a whole. */
export const labelSelector = atomicStruct('LabelSelector', {
  matchLabels: map('string'),
  matchExpressions: list(
    struct('LabelSelectorRequirement', { key: 'string', operator: 'string', values: list('string') }),
  ),
});
