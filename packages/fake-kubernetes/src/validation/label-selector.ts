import { at, isObject, textAt } from '../json.ts';
import type { Json } from '../json.ts';
import type { FieldError } from '../server/refusals.ts';
import { forbiddenField, invalidValue, required } from '../server/refusals.ts';
import { labelErrors } from './metadata.ts';
import { keyProblems, labelValueProblems } from './names.ts';

function requirementErrors(requirement: Json, path: string): readonly FieldError[] {
  const operator = textAt(requirement, 'operator');
  const key = textAt(requirement, 'key');
  const given = at(requirement, 'values');
  const values = Array.isArray(given) ? given.filter((value) => typeof value === 'string') : [];
  const errors: FieldError[] = [];
  if (operator === 'In' || operator === 'NotIn') {
    const why = "must be specified when `operator` is 'In' or 'NotIn'";
    if (values.length === 0) errors.push(required(`${path}.values`, why));
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    const why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
    if (values.length > 0) errors.push(forbiddenField(`${path}.values`, why));
  } else errors.push(invalidValue(`${path}.operator`, operator, 'not a valid selector operator'));
  errors.push(...keyProblems(key).map((problem) => invalidValue(`${path}.key`, key, problem)));
  values.forEach((value, index) => {
    for (const problem of labelValueProblems(value)) {
      errors.push(invalidValue(`${path}.values[${index}]`, value, problem));
    }
  });
  return errors;
}

/** What is wrong with a LabelSelector; nothing when there is none. */
export function selectorErrors(selector: Json | undefined, path: string): readonly FieldError[] {
  const labels = at(selector, 'matchLabels');
  const expressions = at(selector, 'matchExpressions');
  return [
    ...(isObject(labels) ? labelErrors(labels as Record<string, string>, `${path}.matchLabels`) : []),
    ...(Array.isArray(expressions) ? expressions : []).flatMap((requirement, index) =>
      requirementErrors(requirement, `${path}.matchExpressions[${index}]`),
    ),
  ];
}
