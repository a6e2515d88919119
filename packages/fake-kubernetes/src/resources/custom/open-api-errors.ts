import type { Json } from '../../json.ts';
import { isObject, quote, sameJson } from '../../json.ts';
import type { FieldError } from '../../server/refusals.ts';
import { invalidValue, notSupported, required } from '../../server/refusals.ts';
import type { OpenApi } from './open-api.ts';

function typeOf(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function fits(schema: OpenApi, value: Json): boolean {
  const type = typeOf(value);
  if (schema['x-kubernetes-int-or-string'] === true) return type === 'integer' || type === 'string';
  if (schema.type === undefined || type === schema.type) return true;
  return schema.type === 'number' && type === 'integer';
}

/** The server shows the type where the value should be. */
function wrongType(schema: OpenApi, value: Json, path: string): FieldError {
  const type = quote(typeOf(value));
  const message = `Invalid value: ${type}: ${path} in body must be of type ${schema.type ?? ''}: ${type}`;
  return { reason: 'FieldValueTypeInvalid', field: path, message };
}

function textErrors(schema: OpenApi, value: string, path: string): readonly FieldError[] {
  const { maxLength, pattern } = schema;
  const errors: FieldError[] = [];
  if (maxLength !== undefined && Array.from(value).length > maxLength) {
    const message = `Too long: may not be more than ${maxLength} bytes`;
    errors.push({ reason: 'FieldValueTooLong', field: path, message });
  }
  if (pattern !== undefined && !new RegExp(pattern).test(value)) {
    errors.push(invalidValue(path, value, `${path} in body should match '${pattern}'`));
  }
  return errors;
}

function listErrors(schema: OpenApi, value: readonly Json[], path: string): readonly FieldError[] {
  const { items, maxItems } = schema;
  if (maxItems !== undefined && value.length > maxItems) {
    const message = `Too many: ${value.length}: must have at most ${maxItems} items`;
    return [{ reason: 'FieldValueTooMany', field: path, message }];
  }
  return items === undefined ? [] : value.flatMap((item, i) => schemaErrors(items, item, `${path}[${i}]`));
}

/** What of a custom resource is not as its definition's schema says, in the server's words. */
export function schemaErrors(schema: OpenApi, value: Json, path: string): readonly FieldError[] {
  if (value === null && schema.nullable === true) return [];
  if (!fits(schema, value)) return [wrongType(schema, value, path)];
  const { enum: allowed } = schema;
  if (allowed !== undefined && !allowed.some((other) => sameJson(other, value))) {
    return [notSupported(path, typeof value === 'string' ? value : JSON.stringify(value), allowed.map(String))];
  }
  if (typeof value === 'string') return textErrors(schema, value, path);
  if (Array.isArray(value)) return listErrors(schema, value, path);
  if (!isObject(value)) return [];
  const inside = (key: string): string => (path === '' ? key : `${path}.${key}`);
  const missing = (schema.required ?? []).filter((key) => !Object.hasOwn(value, key));
  return [
    ...missing.map((key) => required(inside(key))),
    ...Object.entries(value).flatMap(([key, item]) => {
      const { properties = {}, additionalProperties } = schema;
      const inner = Object.hasOwn(properties, key) ? properties[key] : additionalProperties;
      return inner === undefined ? [] : schemaErrors(inner, item, inside(key));
    }),
  ];
}
