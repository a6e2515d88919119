import type { Schema } from './schema.ts';
import { atomicStruct, struct } from './schema.ts';
import { objectSchema } from './metadata.ts';

const reference = atomicStruct('ObjectReference', {
  kind: 'string',
  namespace: 'string',
  name: 'string',
  uid: 'string',
  apiVersion: 'string',
  resourceVersion: 'string',
  fieldPath: 'string',
});
const source = struct('EventSource', { component: 'string', host: 'string' });
const series = struct('EventSeries', { count: 'integer', lastObservedTime: 'micro-time' });

const event = (fields: Readonly<Record<string, Schema>>) => objectSchema('Event', fields);

/** In the order the server writes them. */
export const coreEventSchema = event({
  involvedObject: reference,
  reason: 'string',
  message: 'string',
  source,
  firstTimestamp: 'time',
  lastTimestamp: 'time',
  count: 'integer',
  type: 'string',
  eventTime: 'micro-time',
  series,
  action: 'string',
  related: reference,
  reportingComponent: 'string',
  reportingInstance: 'string',
});

export const eventSchema = event({
  eventTime: 'micro-time',
  series,
  reportingController: 'string',
  reportingInstance: 'string',
  action: 'string',
  reason: 'string',
  regarding: reference,
  related: reference,
  note: 'string',
  type: 'string',
  deprecatedSource: source,
  deprecatedFirstTimestamp: 'time',
  deprecatedLastTimestamp: 'time',
  deprecatedCount: 'integer',
});
