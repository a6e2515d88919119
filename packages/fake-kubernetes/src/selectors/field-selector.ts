import type { ApiObject } from '../api-object.ts';
import { at, quote } from '../json.ts';
import type { Resource } from '../resources/resource.ts';
import { badRequest } from '../server/refusals.ts';

export type FieldSelector = (object: ApiObject) => boolean;

const ALWAYS = ['metadata.name', 'metadata.namespace'];

function unsupported(resource: Resource, field: string): Error {
  if (resource.selectableFields.length > 0) return badRequest(`field label not supported: ${field}`);
  const known = ALWAYS.map(quote).join(', ');
  return badRequest(`${quote(field)} is not a known field selector: only ${known}`);
}

function valueOf(object: ApiObject, field: string): string {
  const value = at(object, ...field.split('.'));
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** `a=b,c==d,e!=f`; only the fields the kind is indexed by. @throws Refusal 400 in the server's words. */
export function parseFieldSelector(resource: Resource, text: string): FieldSelector {
  const allowed = [...ALWAYS, ...resource.selectableFields];
  const terms = text
    .split(',')
    .filter((term) => term !== '')
    .map((term): FieldSelector => {
      const parts = /^(.*?)(==|!=|=)(.*)$/.exec(term);
      if (parts === null) throw badRequest(`invalid selector: ${quote(term)}; can't understand ${quote(term)}`);
      const [, field = '', operator, wanted = ''] = parts;
      if (!allowed.includes(field)) throw unsupported(resource, field);
      return (object) => {
        const value = valueOf(object, field);
        // An absent flag is false to the server.
        const same = value === wanted || (value === '' && wanted === 'false');
        return operator === '!=' ? !same : same;
      };
    });
  return (object) => terms.every((fits) => fits(object));
}
