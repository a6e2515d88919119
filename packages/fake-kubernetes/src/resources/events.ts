import type { ApiObject } from '../api-object.ts';
import type { JsonObject } from '../json.ts';
import { coreEventSchema, eventSchema } from '../schema/event.ts';
import type { Resource } from './resource.ts';
import { resource } from './resource.ts';

/** What each field of `events.k8s.io/v1` is called in the core group; the rest has the same name in both. */
const CORE_NAMES: Readonly<Record<string, string>> = {
  regarding: 'involvedObject',
  note: 'message',
  reportingController: 'reportingComponent',
  deprecatedSource: 'source',
  deprecatedFirstTimestamp: 'firstTimestamp',
  deprecatedLastTimestamp: 'lastTimestamp',
  deprecatedCount: 'count',
};
const NEW_NAMES = Object.fromEntries(Object.entries(CORE_NAMES).map(([name, core]) => [core, name]));

/** What Go writes although it is not set. */
const CORE_ALWAYS: JsonObject = {
  involvedObject: {},
  source: {},
  firstTimestamp: null,
  lastTimestamp: null,
  eventTime: null,
  reportingComponent: '',
  reportingInstance: '',
};
const NEW_ALWAYS: JsonObject = {
  eventTime: null,
  regarding: {},
  deprecatedSource: {},
  deprecatedFirstTimestamp: null,
  deprecatedLastTimestamp: null,
};

function form(
  event: ApiObject,
  fields: readonly string[],
  names: Readonly<Record<string, string>>,
  always: JsonObject,
): ApiObject {
  const { kind, apiVersion, metadata, ...rest } = event;
  const named = new Map(Object.entries(rest).map(([key, value]) => [names[key] ?? key, value]));
  const result: ApiObject = { kind, apiVersion, metadata };
  for (const field of fields) {
    if (field in result) continue;
    const value = named.get(field) ?? always[field];
    // Go leaves an empty text out, unless the field is always written.
    if (value !== undefined && (value !== '' || field in always)) result[field] = value;
  }
  return result;
}

/** An event of either group with the fields of the core group. */
export function coreEvent(event: ApiObject): ApiObject {
  return form(event, Object.keys(coreEventSchema.fields), CORE_NAMES, CORE_ALWAYS);
}

function newEvent(event: ApiObject): ApiObject {
  return form(event, Object.keys(eventSchema.fields), NEW_NAMES, NEW_ALWAYS);
}

const REFERENCE = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'];

export const CORE_EVENTS: Resource = resource({
  group: '',
  version: 'v1',
  plural: 'events',
  kind: 'Event',
  shortNames: ['ev'],
  schema: coreEventSchema,
  form: coreEvent,
  selectableFields: [
    ...REFERENCE.map((key) => `involvedObject.${key}`),
    'reason',
    'reportingComponent',
    'source',
    'type',
  ],
});

/** The same objects under the names of the newer group. */
export const EVENTS: Resource = resource({
  group: 'events.k8s.io',
  version: 'v1',
  plural: 'events',
  kind: 'Event',
  shortNames: ['ev'],
  schema: eventSchema,
  form: newEvent,
  storage: CORE_EVENTS,
  selectableFields: [...REFERENCE.map((key) => `regarding.${key}`), 'reason', 'reportingController', 'type'],
});
