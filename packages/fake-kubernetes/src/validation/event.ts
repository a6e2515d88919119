import type { ApiObject } from '../api-object.ts';
import { at, isObject, sameJson, textAt } from '../json.ts';
import { coreEvent } from '../resources/events.ts';
import type { Resource } from '../resources/resource.ts';
import { coreEventSchema } from '../schema/event.ts';
import type { FieldError } from '../server/refusals.ts';
import { invalidValue, required } from '../server/refusals.ts';
import { keyProblems } from './names.ts';

const LONGEST_WORD = 128;
const LONGEST_NOTE = 1024;
/** The server shows no value in these. */
const wrong = (field: string, why: string): FieldError => invalidValue(field, '', why);

/** Bytes, whatever the message says. */
function tooLong(event: ApiObject, field: string, limit: number): readonly FieldError[] {
  return Buffer.byteLength(textAt(event, field)) > limit ? [wrong(field, `can have at most ${limit} characters`)] : [];
}

function word(event: ApiObject, field: string): readonly FieldError[] {
  return [...(textAt(event, field) === '' ? [required(field)] : []), ...tooLong(event, field, LONGEST_WORD)];
}

function controllerErrors(event: ApiObject, field: string): readonly FieldError[] {
  const controller = textAt(event, 'reportingComponent');
  const syntax = keyProblems(controller).map((problem) => invalidValue(field, controller, problem));
  return controller === '' ? [required(field), ...syntax] : syntax;
}

/** Events without an eventTime are the old kind, whose only rule is the namespace. */
function commonErrors(event: ApiObject, controllerField: string): readonly FieldError[] {
  const own = event.metadata.namespace ?? '';
  const about = textAt(event, 'involvedObject', 'namespace');
  const mismatch = [invalidValue('involvedObject.namespace', about, 'does not match event.namespace')];
  if (textAt(event, 'eventTime') === '') return about === own || (about === '' && own === 'default') ? [] : mismatch;
  return [
    ...(about === '' && own !== 'default' && own !== 'kube-system' ? mismatch : []),
    ...controllerErrors(event, controllerField),
    ...word(event, 'reportingInstance'),
    ...word(event, 'action'),
    ...word(event, 'reason'),
    ...tooLong(event, 'message', LONGEST_NOTE),
  ];
}

function seriesErrors(event: ApiObject): readonly FieldError[] {
  const series = at(event, 'series');
  if (!isObject(series)) return [];
  const { count } = series;
  return [
    ...(typeof count === 'number' && count >= 2 ? [] : [wrong('series.count', 'should be at least 2')]),
    ...(textAt(series, 'lastObservedTime') === '' ? [required('series.lastObservedTime')] : []),
  ];
}

function deprecatedErrors(event: ApiObject): readonly FieldError[] {
  const { firstTimestamp, lastTimestamp, count, source } = event;
  const set = [
    ...(firstTimestamp === null ? [] : ['firstTimestamp']),
    ...(lastTimestamp === null ? [] : ['lastTimestamp']),
    ...(count === undefined || count === 0 ? [] : ['count']),
    ...(textAt(source, 'component') === '' && textAt(source, 'host') === '' ? [] : ['source']),
  ];
  return set.map((field) => wrong(field, 'needs to be unset'));
}

/** The server judges both groups by the names of the core group, and only the newer one in full. */
export function eventErrors(resource: Resource, object: ApiObject): readonly FieldError[] {
  const event = coreEvent(object);
  if (resource.group === '') return commonErrors(event, 'reportingComponent');
  const type = textAt(event, 'type');
  return [
    ...commonErrors(event, 'reportingController'),
    ...seriesErrors(event),
    ...(textAt(event, 'eventTime') === '' ? [required('eventTime')] : []),
    ...(type === 'Normal' || type === 'Warning' ? [] : [wrong('type', `has invalid value: ${type}`)]),
    ...deprecatedErrors(event),
  ];
}

/** Through the newer group only the series changes. */
const IMMUTABLE = Object.keys(coreEventSchema.fields).filter(
  (field) => !['kind', 'apiVersion', 'metadata', 'series'].includes(field),
);

export function eventUpdateErrors(resource: Resource, before: ApiObject, after: ApiObject): readonly FieldError[] {
  const [old, event] = [coreEvent(before), coreEvent(after)];
  if (resource.group === '') return commonErrors(event, 'reportingComponent');
  const changed = IMMUTABLE.filter((field) => !sameJson(old[field], event[field]));
  return [
    ...commonErrors(event, 'reportingController'),
    ...(sameJson(old['series'], event['series']) ? [] : seriesErrors(event)),
    ...changed.map((field) => invalidValue(field, at(event, field) ?? '', 'field is immutable')),
  ];
}
