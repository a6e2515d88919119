import type { Resource } from '../resources/resource.ts';
import { qualifiedKind, qualifiedPlural } from '../resources/resource.ts';
import type { Json, JsonObject } from '../json.ts';
import { quote } from '../json.ts';
import type { Cause, Refusal } from './answer.ts';
import { refuse } from './answer.ts';

type Named = Pick<Resource, 'group' | 'plural'>;
type Kinded = Pick<Resource, 'group' | 'kind'>;

function details(name: string, group: string, kind: string, rest: JsonObject = {}): JsonObject {
  return {
    ...(name === '' ? {} : { name }),
    ...(group === '' ? {} : { group }),
    ...(kind === '' ? {} : { kind }),
    ...rest,
  };
}

export function notFound(of: Named, name: string): Refusal {
  return refuse({
    code: 404,
    reason: 'NotFound',
    message: `${qualifiedPlural(of)} ${quote(name)} not found`,
    details: details(name, of.group, of.plural),
  });
}

export function unknownResource(): Refusal {
  return refuse({
    code: 404,
    reason: 'NotFound',
    message: 'the server could not find the requested resource',
    details: {},
  });
}

export function alreadyExists(of: Named, name: string): Refusal {
  return refuse({
    code: 409,
    reason: 'AlreadyExists',
    message: `${qualifiedPlural(of)} ${quote(name)} already exists`,
    details: details(name, of.group, of.plural),
  });
}

export function conflict(of: Named, name: string, why: string): Refusal {
  return refuse({
    code: 409,
    reason: 'Conflict',
    message: `Operation cannot be fulfilled on ${qualifiedPlural(of)} ${quote(name)}: ${why}`,
    details: details(name, of.group, of.plural),
  });
}

export const MODIFIED = 'the object has been modified; please apply your changes to the latest version and try again';

export function badRequest(message: string): Refusal {
  return refuse({ code: 400, reason: 'BadRequest', message });
}

export function internalError(message: string): Refusal {
  return refuse({ code: 500, message });
}

export function methodNotAllowed(): Refusal {
  return refuse({
    code: 405,
    reason: 'MethodNotAllowed',
    message: 'the server does not allow this method on the requested resource',
    details: {},
  });
}

export function unauthorized(): Refusal {
  return refuse({ code: 401, reason: 'Unauthorized', message: 'Unauthorized' });
}

export interface FieldError {
  readonly reason:
    | 'FieldValueInvalid'
    | 'FieldValueRequired'
    | 'FieldValueForbidden'
    | 'FieldValueNotSupported'
    | 'FieldValueNotFound'
    | 'FieldValueDuplicate'
    | 'FieldValueTypeInvalid'
    | 'FieldValueTooLong'
    | 'FieldValueTooMany';
  readonly field: string;
  readonly message: string;
}

export function invalidValue(field: string, value: Json, why: string): FieldError {
  const shown = typeof value === 'string' ? quote(value) : JSON.stringify(value);
  return { reason: 'FieldValueInvalid', field, message: `Invalid value: ${shown}: ${why}` };
}

export function required(field: string, why = ''): FieldError {
  return { reason: 'FieldValueRequired', field, message: `Required value${why === '' ? '' : `: ${why}`}` };
}

export function forbiddenField(field: string, why: string): FieldError {
  return { reason: 'FieldValueForbidden', field, message: `Forbidden: ${why}` };
}

export function notFoundValue(field: string, value: string): FieldError {
  return { reason: 'FieldValueNotFound', field, message: `Not found: ${quote(value)}` };
}

export function duplicate(field: string, value: string): FieldError {
  return { reason: 'FieldValueDuplicate', field, message: `Duplicate value: ${quote(value)}` };
}

export function notSupported(field: string, value: string, supported: readonly string[]): FieldError {
  const list = supported.map(quote).join(', ');
  return {
    reason: 'FieldValueNotSupported',
    field,
    message: `Unsupported value: ${quote(value)}: supported values: ${list}`,
  };
}

/**
 * 422. The message holds each error once; the causes hold it as often as the server's layers reported it, which for an
 * update is several times.
 */
export function invalid(of: Kinded, name: string, errors: readonly FieldError[], reported = 1): Refusal {
  const once = [...new Set(errors.map((error) => `${error.field}: ${error.message}`))];
  const text = once.length === 1 ? (once[0] ?? '') : `[${once.join(', ')}]`;
  const causes: Cause[] = [];
  for (let layer = 0; layer < reported; layer++) {
    for (const { reason, message, field } of errors) causes.push({ reason, message, field });
  }
  return refuse({
    code: 422,
    reason: 'Invalid',
    message: `${qualifiedKind(of)} ${quote(name)} is invalid: ${text}`,
    details: details(name, of.group, of.kind, { causes: causes as unknown as Json }),
  });
}
