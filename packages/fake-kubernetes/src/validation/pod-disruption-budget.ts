import type { ApiObject } from '../api-object.ts';
import type { Json } from '../json.ts';
import { at } from '../json.ts';
import type { FieldError } from '../server/refusals.ts';
import { invalidValue } from '../server/refusals.ts';
import { selectorErrors } from './label-selector.ts';

function countErrors(value: Json | undefined, field: string): readonly FieldError[] {
  if (typeof value === 'number' && value < 0) return [invalidValue(field, value, 'must be greater than or equal to 0')];
  if (typeof value !== 'string') return [];
  if (!/^[0-9]+%$/.test(value)) {
    const wanted = "a valid percent string must be a numeric string followed by an ending '%'";
    const example = "(e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";
    return [invalidValue(field, value, `${wanted} ${example}`)];
  }
  return Number(value.slice(0, -1)) > 100 ? [invalidValue(field, value, 'must not be greater than 100%')] : [];
}

export function podDisruptionBudgetErrors(budget: ApiObject): readonly FieldError[] {
  const spec = budget.spec ?? {};
  const { minAvailable, maxUnavailable } = spec;
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    return [invalidValue('spec', spec, 'minAvailable and maxUnavailable cannot be both set')];
  }
  return [
    ...countErrors(minAvailable, 'spec.minAvailable'),
    ...countErrors(maxUnavailable, 'spec.maxUnavailable'),
    ...selectorErrors(at(spec, 'selector'), 'spec.selector'),
  ];
}
