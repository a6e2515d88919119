import type { ApiObject } from '../api-object.ts';
import { at, isObject, textAt } from '../json.ts';
import type { FieldError } from '../server/refusals.ts';
import { invalidValue, required } from '../server/refusals.ts';

const COUNTS = ['parallelism', 'completions', 'activeDeadlineSeconds', 'backoffLimit', 'ttlSecondsAfterFinished'];

export function jobErrors(job: ApiObject): readonly FieldError[] {
  const counts = COUNTS.flatMap((field) => {
    const value = at(job, 'spec', field);
    if (typeof value !== 'number' || value >= 0) return [];
    return [invalidValue(`spec.${field}`, value, 'must be greater than or equal to 0')];
  });
  const containers = at(job, 'spec', 'template', 'spec', 'containers');
  const hasContainer = Array.isArray(containers) && containers.some(isObject);
  const policy = textAt(job, 'spec', 'template', 'spec', 'restartPolicy');
  return [
    ...counts,
    ...(hasContainer ? [] : [required('spec.template.spec.containers')]),
    ...(policy === 'Never' || policy === 'OnFailure'
      ? []
      : [required('spec.template.spec.restartPolicy', 'valid values: "OnFailure", "Never"')]),
  ];
}
