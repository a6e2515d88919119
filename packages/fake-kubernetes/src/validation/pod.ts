import type { ApiObject } from '../api-object.ts';
import { copyObject } from '../api-object.ts';
import type { Json, JsonObject } from '../json.ts';
import { at, isObject, sameJson } from '../json.ts';
import type { FieldError } from '../server/refusals.ts';
import { forbiddenField, invalidValue, required } from '../server/refusals.ts';
import { nameProblems } from './names.ts';

function containers(object: ApiObject, list: string): readonly JsonObject[] {
  const found = at(object, 'spec', list);
  return Array.isArray(found) ? found.filter(isObject) : [];
}

export function podErrors(pod: ApiObject): readonly FieldError[] {
  if (containers(pod, 'containers').length === 0) return [required('spec.containers')];
  return containers(pod, 'containers').flatMap((container, index) => {
    const path = `spec.containers[${index}]`;
    const name = container['name'];
    const named =
      typeof name !== 'string' || name === ''
        ? [required(`${path}.name`)]
        : nameProblems('label', name).map((problem) => invalidValue(`${path}.name`, name, problem));
    const image =
      typeof container['image'] === 'string' && container['image'] !== '' ? [] : [required(`${path}.image`)];
    return [...named, ...image];
  });
}

/** Of a pod's spec only this may be changed after it was created. */
const MUTABLE =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

function toleratesMore(before: Json | undefined, after: Json | undefined): boolean {
  const old = Array.isArray(before) ? before : [];
  const current = Array.isArray(after) ? after : [];
  return old.every((item) => current.some((other) => sameJson(item, other)));
}

/** The new spec with everything mutable set back, so that what still differs is forbidden. */
function withMutablesOf(before: ApiObject, after: ApiObject): JsonObject {
  const spec: JsonObject = copyObject(after.spec ?? {});
  for (const list of ['containers', 'initContainers']) {
    const items = spec[list];
    if (!Array.isArray(items)) continue;
    items.forEach((item, index) => {
      const image = at(before, 'spec', list, index, 'image');
      if (isObject(item) && image !== undefined) item['image'] = image;
    });
  }
  for (const field of ['activeDeadlineSeconds', 'tolerations', 'terminationGracePeriodSeconds']) {
    const old = at(before, 'spec', field);
    if (field === 'tolerations' && !toleratesMore(old, spec[field])) continue;
    if (field === 'terminationGracePeriodSeconds' && !(Number(old) < 0 && spec[field] === 1)) continue;
    if (old === undefined) delete spec[field];
    else spec[field] = old;
  }
  return spec;
}

/** A short stand-in for the server's own diff, which shows its internal types. */
function difference(before: JsonObject, after: JsonObject): string {
  const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (key) => !sameJson(before[key], after[key]),
  );
  const line = (sign: string, key: string, value: Json | undefined): string =>
    `${sign} ${JSON.stringify(key)}: ${JSON.stringify(value ?? null)},`;
  return changed.map((key) => `\n${line('-', key, before[key])}\n${line('+', key, after[key])}`).join('');
}

export function podUpdateErrors(before: ApiObject, after: ApiObject): readonly FieldError[] {
  const old = before.spec ?? {};
  const current = withMutablesOf(before, after);
  if (sameJson(old, current)) return [];
  return [forbiddenField('spec', `${MUTABLE}\n@@ -1,1 +1,1 @@${difference(old, current)}\n`)];
}
