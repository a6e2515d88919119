import type { ApiObject } from '../api-object.ts';
import type { JsonObject } from '../json.ts';
import { at, isObject, sameJson, textAt } from '../json.ts';
import type { FieldError } from '../server/refusals.ts';
import { duplicate, forbiddenField, invalidValue, notFoundValue, required } from '../server/refusals.ts';
import { nameProblems } from './names.ts';

const FIELD = 'spec.ephemeralContainers';
/** What makes no sense for a container that is never restarted and counts for nothing. */
const NEVER = ['ports', 'livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle', 'resources', 'resizePolicy'];

function containers(pod: ApiObject, list: string): readonly JsonObject[] {
  const found = at(pod, 'spec', list);
  return Array.isArray(found) ? found.filter(isObject) : [];
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0;
}

function containerErrors(pod: ApiObject, container: JsonObject, index: number): readonly FieldError[] {
  const path = `${FIELD}[${index}]`;
  const name = textAt(container, 'name');
  const target = textAt(container, 'targetContainerName');
  const regular = [...containers(pod, 'containers'), ...containers(pod, 'initContainers')].map((c) =>
    textAt(c, 'name'),
  );
  const earlier = containers(pod, 'ephemeralContainers')
    .slice(0, index)
    .map((c) => textAt(c, 'name'));
  return [
    ...(name === ''
      ? [required(`${path}.name`)]
      : nameProblems('label', name).map((problem) => invalidValue(`${path}.name`, name, problem))),
    ...(textAt(container, 'image') === '' ? [required(`${path}.image`)] : []),
    ...([...regular, ...earlier].includes(name) && name !== '' ? [duplicate(`${path}.name`, name)] : []),
    ...NEVER.filter((field) => !isEmpty(container[field])).map((field) =>
      forbiddenField(`${path}.${field}`, 'cannot be set for an Ephemeral Container'),
    ),
    ...(target === '' || regular.includes(target) ? [] : [notFoundValue(`${path}.targetContainerName`, target)]),
  ];
}

/** What must not be asked of `pods/ephemeralcontainers`: containers there were before stay as they are. */
export function ephemeralContainerErrors(before: ApiObject, after: ApiObject): readonly FieldError[] {
  const wanted = containers(after, 'ephemeralContainers');
  const own = wanted.flatMap((container, index) => containerErrors(after, container, index));
  if (own.length > 0) return own;
  return containers(before, 'ephemeralContainers').flatMap((old) => {
    const name = textAt(old, 'name');
    const now = wanted.find((container) => textAt(container, 'name') === name);
    if (now === undefined)
      return [forbiddenField(FIELD, `existing ephemeral containers "${name}" may not be removed\n`)];
    if (sameJson(old, now)) return [];
    // The server shows the difference of its internal types here.
    return [forbiddenField(FIELD, `existing ephemeral containers "${name}" may not be changed\n@@ -1,1 +1,1 @@\n`)];
  });
}
