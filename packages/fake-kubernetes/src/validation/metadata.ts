import type { ApiObject } from '../api-object.ts';
import type { Resource } from '../resources/resource.ts';
import type { FieldError } from '../server/refusals.ts';
import { invalidValue, required } from '../server/refusals.ts';
import { keyProblems, labelValueProblems, nameProblems } from './names.ts';

export function labelErrors(labels: Readonly<Record<string, string>>, field: string): readonly FieldError[] {
  return Object.entries(labels).flatMap(([key, value]) => [
    ...keyProblems(key).map((problem) => invalidValue(field, key, problem)),
    ...labelValueProblems(value).map((problem) => invalidValue(field, value, problem)),
  ]);
}

const TOTAL_ANNOTATIONS = 256 * 1024;

function annotationErrors(annotations: Readonly<Record<string, string>>): readonly FieldError[] {
  const field = 'metadata.annotations';
  // The server checks annotation keys in lower case.
  const keys = Object.keys(annotations).flatMap((key) =>
    keyProblems(key.toLowerCase()).map((problem) => invalidValue(field, key, problem)),
  );
  const size = Object.entries(annotations).reduce(
    (sum, [k, v]) => sum + Buffer.byteLength(k) + Buffer.byteLength(v),
    0,
  );
  if (size <= TOTAL_ANNOTATIONS) return keys;
  const why = `may not be more than ${TOTAL_ANNOTATIONS} bytes`;
  return [...keys, { reason: 'FieldValueInvalid', field, message: `Too long: ${why}` }];
}

export function mapErrors(object: ApiObject): readonly FieldError[] {
  const { labels = {}, annotations = {} } = object.metadata;
  return [...labelErrors(labels, 'metadata.labels'), ...annotationErrors(annotations)];
}

export function nameErrors(resource: Resource, object: ApiObject): readonly FieldError[] {
  const { name } = object.metadata;
  if (name === '') return [required('metadata.name', 'name or generateName is required')];
  return nameProblems(resource.nameRule, name).map((problem) => invalidValue('metadata.name', name, problem));
}
